// The first view: how it is at this moment, whose fault it is, and what every vantage sees.
import type { JSX } from "preact";
import type { Overview, Vantage } from "../api";
import { span } from "../format";
import { said, t } from "../i18n";
import { Headline, WhoseFault } from "../parts/headline";
import { ClosedList, IncidentCard } from "../parts/incident";
import { Matrix } from "../parts/matrix";
import { WithName } from "../parts/text";
import { closed_incidents, mode, overview, staleness, starting } from "../store";

function Nothing(): JSX.Element {
  if (starting.value) {
    return (
      <section class="empty">
        <h1>{t("empty.starting")}</h1>
      </section>
    );
  }
  if (mode.value !== "stale") {
    return (
      <section class="empty">
        <h1>{t("empty.connecting")}</h1>
      </section>
    );
  }
  return (
    <section class="empty" role="alert">
      <h1>{t("empty.unreachable")}</h1>
      <p>{t("empty.unreachable_hint")}</p>
    </section>
  );
}

/** Vantages that have results and not one good one: the fault is most likely their own way out. */
function cut_off(picture: Overview): Vantage[] {
  return picture.vantages.filter((_, at) => {
    let bad = 0;
    for (const row of picture.rows) {
      const cell = row.cells[at];
      if (cell === undefined) continue;
      if (cell.ok + cell.degraded > 0) return false;
      bad += cell.fail + cell.unknown;
    }
    return bad >= 3;
  });
}

function Hints({ picture }: { picture: Overview }): JSX.Element | null {
  const lost = cut_off(picture);
  if (picture.rows.length === 0) return <p class="hint">{t("empty.no_targets")}</p>;
  if (picture.headline.level === "waiting") {
    return <p class="hint">{t("empty.waiting_hint", { round: span(picture.round_ms ?? 10_000) })}</p>;
  }
  if (lost.length === 0 || staleness.value !== "") return null;
  return (
    <div class="hint" data-hint="no-way-out">
      {lost.map(({ name }) => (
        <p key={name}>
          <WithName name={name} sentence={(hole) => t("empty.no_way_out", { vantage: hole })} />
        </p>
      ))}
      {lost.length === picture.vantages.length && (
        <p>
          {t("empty.demo")} <code>./run --demo</code>
        </p>
      )}
    </div>
  );
}

export function NowView(): JSX.Element {
  const picture = overview.value;
  if (picture === null) return <Nothing />;
  const old = staleness.value !== "" ? " old" : "";
  return (
    <>
      <Headline picture={picture} />
      <WhoseFault picture={picture} />
      <Hints picture={picture} />
      {picture.incidents.length > 0 && (
        <section class={`incidents${old}`} aria-labelledby="open-title">
          <h2 id="open-title">{t("incident.open_title")}</h2>
          {picture.incidents.map((incident) => (
            <IncidentCard
              key={incident.id}
              incident={incident}
              repeats={!old && said(picture.headline, "text").startsWith(said(incident, "summary"))}
            />
          ))}
        </section>
      )}
      {picture.rows.length > 0 && <Matrix picture={picture} />}
      {closed_incidents.value !== null && (
        <section class="closed" aria-labelledby="closed-title">
          <h2 id="closed-title">{t("incident.closed_title")}</h2>
          <ClosedList incidents={closed_incidents.value} />
        </section>
      )}
    </>
  );
}
