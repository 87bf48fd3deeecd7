// One incident on a page of its own, with how it went from opening to close.
import type { JSX } from "preact";
import type { Incident } from "../api";
import { useAsked } from "../ask";
import { moment, percent } from "../format";
import { said, t, word } from "../i18n";
import { IncidentCard } from "../parts/incident";
import { to_now } from "../route";
import { hub_now_ms, overview, staleness } from "../store";

function History({ incident }: { incident: Incident }): JSX.Element | null {
  const events = incident.events ?? [];
  if (events.length === 0) return null;
  const now = hub_now_ms.value;
  return (
    <section class="history">
      <h2>{t("incident.timeline")}</h2>
      <ol>
        {events.map((event) => (
          <li key={`${event.time_ms} ${event.event}`} class={`event-${event.grade ?? "none"}`}>
            <time dateTime={new Date(event.time_ms).toISOString()}>{moment(event.time_ms, now)}</time>
            <strong>{word("event", event.event)}</strong>
            <span>{said(event, "summary")}</span>
            {event.confidence !== undefined && <span class="faint number">{percent(event.confidence)}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

export function IncidentView({ id }: { id: string }): JSX.Element {
  const asked = useAsked<Incident>(`incidents/${encodeURIComponent(id)}`, 5000);
  const { value, trouble } = asked.value;
  const live = overview.value?.incidents.find((incident) => incident.id === id);
  // The live one is newer; the history is only in the answer.
  const incident = live && value ? { ...live, ...(value.events ? { events: value.events } : {}) } : (live ?? value);
  return (
    <>
      <p class="crumbs">
        <a href={to_now}>← {t("nav.now")}</a>
      </p>
      {incident ? (
        <div class={staleness.value ? "old" : ""}>
          <IncidentCard incident={incident} whole />
          <History incident={incident} />
        </div>
      ) : (
        <section class="empty">
          <h1>{t(trouble === "missing" ? "incident.missing" : trouble ? "targets.failed" : "targets.loading")}</h1>
        </section>
      )}
    </>
  );
}
