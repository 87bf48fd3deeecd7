// The sentence one reads first, the warning when it is not the present, and the line that says whose fault it is.
import type { JSX } from "preact";
import type { Overview } from "../api";
import { suspects, type Suspect } from "../blame";
import { ago, moment } from "../format";
import { said, t } from "../i18n";
import { hub_now_ms, stale_since_ms, staleness } from "../store";
import { BlameMark, StandingMark, StatusMark } from "./marks";
import { Component } from "./text";

const mark_of = { ok: "ok", attention: "degraded", incident: "fail", waiting: "none" } as const;

function Warning(): JSX.Element | null {
  const why = staleness.value;
  if (why === "") return null;
  const now = hub_now_ms.value;
  const values = { time: moment(stale_since_ms.value, now), ago: ago(stale_since_ms.value, now) };
  return (
    <p class="warning" role="alert">
      {t(why === "contact" ? "stale.contact" : "stale.frozen", values)}
    </p>
  );
}

export function Headline({ picture }: { picture: Overview }): JSX.Element {
  const stale = staleness.value !== "";
  const { level } = picture.headline;
  const shown = stale ? "stale" : level;
  const text = level === "waiting" ? t("empty.waiting") : said(picture.headline, "text") || t(`level.${level}`);
  return (
    <section class={`headline level-${shown}`} data-level={shown}>
      <h1 aria-live="polite">
        <StatusMark status={stale ? "unknown" : (mark_of[level] ?? "unknown")} />
        <span>{stale ? t("stale.title") : text}</span>
      </h1>
      <Warning />
      {stale && <p class="then">{t("stale.then", { text })}</p>}
      <Counts picture={picture} />
    </section>
  );
}

function Counts({ picture }: { picture: Overview }): JSX.Element {
  const { counts } = picture;
  const shown = (["ok", "degraded", "fail", "unknown", "none"] as const).filter((status) => counts[status] > 0);
  return (
    <p class="counts">
      <span>{t("counts.vantages", { n: counts.vantages })}</span>
      <span>{t("counts.targets", { n: counts.targets })}</span>
      <span>{t("counts.cells", { n: counts.cells })}</span>
      {shown.map((status) => (
        <span key={status} class="count">
          <StatusMark status={status} />
          {counts[status]} {t(`status.${status}`)}
        </span>
      ))}
      <span class="faint">{t("counts.updated", { time: moment(picture.time_ms, hub_now_ms.value) })}</span>
    </p>
  );
}

export function WhoseFault({ picture }: { picture: Overview }): JSX.Element {
  const stale = staleness.value !== "";
  return (
    <section class="suspects" aria-labelledby="whose">
      <h2 id="whose">{t("blame.title")}</h2>
      <ul>
        {suspects(picture).map((one) => (
          <SuspectTile key={one.blame} suspect={stale ? { ...one, standing: "unknown", keys: [] } : one} />
        ))}
      </ul>
    </section>
  );
}

function SuspectTile({ suspect }: { suspect: Suspect }): JSX.Element {
  const { blame, standing, keys } = suspect;
  const named = standing === "guilty" || standing === "suspected" || standing === "possible";
  return (
    <li class={`suspect ${standing}`} data-blame={blame} data-standing={standing}>
      <BlameMark blame={blame} />
      <strong>{t(`class.${blame}`)}</strong>
      <span class="standing">
        <StandingMark standing={standing} />
        {t(`blame.${standing}`)}
      </span>
      {named && keys.length > 0 && (
        <span class="suspect-keys">
          {keys.slice(0, 2).map((key) => (
            <Component key={key} of={key} />
          ))}
          {keys.length > 2 && <span>+{keys.length - 2}</span>}
        </span>
      )}
    </li>
  );
}
