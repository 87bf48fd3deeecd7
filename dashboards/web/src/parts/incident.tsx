// One incident as a person needs it: what, whose, how sure, since when, whom it touches, why, and what to do.
import type { JSX } from "preact";
import type { Evidence, Incident } from "../api";
import { class_of, rules_out } from "../blame";
import { ago, moment, percent, span } from "../format";
import { outcome_words, said, said_list, t, word } from "../i18n";
import { to_incident, to_target } from "../route";
import { hub_now_ms } from "../store";
import { BlameMark, StandingMark, StatusMark } from "./marks";
import { Component, Raw, Since } from "./text";

export function ClassBadge({ incident, small }: { incident: Incident; small?: boolean }): JSX.Element {
  const blame = class_of(incident) ?? "none";
  return (
    <span class={`badge badge-${blame} grade-${incident.grade}${small ? " small" : ""}`} data-class={blame}>
      <BlameMark blame={blame} />
      {t(`class.${blame}`)}
    </span>
  );
}

function Grade({ incident }: { incident: Incident }): JSX.Element {
  const { grade, confidence } = incident;
  if (grade === "insufficient") return <span class="grade">{t("incident.insufficient")}</span>;
  if (grade === "leaning") {
    const text =
      confidence === undefined ? t("incident.leaning_plain") : t("incident.leaning", { percent: percent(confidence) });
    return <span class="grade">{text}</span>;
  }
  return (
    <span class="grade">
      {t("incident.convicted")}
      {confidence !== undefined && <> · {t("incident.confidence", { percent: percent(confidence) })}</>}
    </span>
  );
}

function Names({ title, names, mark }: { title: string; names: string[]; mark: "fail" | "ok" }): JSX.Element {
  return (
    <div class="names">
      <h4>{title}</h4>
      <ul class="chips">
        {names.map((name) => (
          <li key={name} class={`chip chip-${mark}`}>
            <StatusMark status={mark} />
            <Raw>{name}</Raw>
          </li>
        ))}
      </ul>
    </div>
  );
}

function EvidenceItem({ item, incident }: { item: Evidence; incident: Incident }): JSX.Element {
  const acquits = rules_out(incident, item.for);
  const cells = item.cells ?? [];
  const against = incident.grade === "convicted" ? "guilty" : "suspected";
  return (
    <li class={acquits ? "acquits" : "accuses"}>
      <StandingMark standing={acquits ? "cleared" : against} />
      <div>
        <p>{said(item, "text")}</p>
        {cells.length > 0 && (
          <details>
            <summary>{t("incident.cells", { n: cells.length })}</summary>
            <ul class="measured">
              {cells.map((cell) => (
                <li key={`${cell.vantage} ${cell.target}`}>
                  <StatusMark status={cell.stage === "done" ? "ok" : "fail"} />
                  <a href={to_target(cell.target, cell.vantage)}>
                    <Raw>{cell.vantage}</Raw> → <Raw>{cell.target}</Raw>
                  </a>
                  <span class="faint">{outcome_words(cell.stage, cell.cause) || t("status.ok")}</span>
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </li>
  );
}

function Candidates({ incident }: { incident: Incident }): JSX.Element | null {
  const candidates = incident.candidates ?? [];
  if (candidates.length === 0 || incident.grade === "convicted") return null;
  return (
    <section>
      <h4>{t("incident.candidates")}</h4>
      <ul class="candidates">
        {candidates.map(({ key, confidence }) => (
          <li key={key}>
            <Component of={key} />
            <span class="bar" aria-hidden="true">
              <i style={{ width: `${Math.max(1, Math.min(100, confidence * 100))}%` }} />
            </span>
            <span class="number">{percent(confidence)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Sentences({ title, list, ordered }: { title: string; list: string[]; ordered?: boolean }): JSX.Element | null {
  if (list.length === 0) return null;
  const items = list.map((text) => <li key={text}>{text}</li>);
  return (
    <section>
      <h4>{title}</h4>
      {ordered ? <ol class="steps">{items}</ol> : <ul class="steps">{items}</ul>}
    </section>
  );
}

function When({ incident }: { incident: Incident }): JSX.Element | null {
  const since = incident.since_ms ?? incident.opened_ms;
  if (since === undefined) return null;
  if (incident.closed_ms === undefined) return <Since ms={since} />;
  return (
    <span>
      {t("incident.closed", { ago: ago(incident.closed_ms, hub_now_ms.value) })}
      {" · "}
      {t("incident.lasted", { span: span(incident.closed_ms - since) })}
    </span>
  );
}

/** `whole`: on its own page. `repeats`: its summary is the headline of the page already. */
export function IncidentCard(props: { incident: Incident; whole?: boolean; repeats?: boolean }): JSX.Element {
  const { incident, whole, repeats } = props;
  const outcome = outcome_words(incident.stage, incident.cause);
  const culprit = incident.component?.key;
  const evidence = incident.evidence ?? [];
  const settle = (incident.would_settle ?? []).map((item) => said(item, "text")).filter(Boolean);
  const summary = said(incident, "summary");
  const Title = whole ? "h1" : "h3";
  return (
    <article
      class={`incident incident-${class_of(incident) ?? "none"} grade-${incident.grade} ${incident.state}`}
      data-incident={incident.id}
    >
      <div class="incident-head">
        <ClassBadge incident={incident} />
        <Grade incident={incident} />
        {incident.state === "closed" && <span class="grade">{t("incident.closed_badge")}</span>}
        <span class="when">
          <When incident={incident} />
        </span>
      </div>
      <Title class={repeats ? "visually-hidden" : "summary"}>{summary}</Title>
      <p class="facts">
        {culprit !== undefined && <Component of={culprit} />}
        {outcome !== "" && <span>{outcome}</span>}
        {incident.side !== undefined && <span>{word("side", incident.side)}</span>}
        {incident.severity !== undefined && (
          <span>{t("incident.severity", { percent: percent(incident.severity) })}</span>
        )}
        {!whole && (
          <a class="more-link" href={to_incident(incident.id)}>
            {t("incident.details")}
          </a>
        )}
      </p>
      <div class="incident-body">
        <div>
          {evidence.length > 0 && (
            <section>
              <h4>{t(incident.grade === "insufficient" ? "incident.known" : "incident.why")}</h4>
              <ul class="evidence">
                {evidence.map((item, at) => (
                  <EvidenceItem key={`${item.for} ${at}`} item={item} incident={incident} />
                ))}
              </ul>
            </section>
          )}
          <Candidates incident={incident} />
        </div>
        <div>
          <Sentences title={t("incident.next")} list={said_list(incident, "next")} ordered />
          <Sentences title={t("incident.settle")} list={settle} />
          {(incident.apps?.length ?? 0) > 0 ? (
            <Names title={t("incident.affected")} names={incident.apps ?? []} mark="fail" />
          ) : (
            <div class="names">
              <h4>{t("incident.affected")}</h4>
              <p class="faint">{t("incident.none_affected")}</p>
            </div>
          )}
          {(incident.acquitted?.length ?? 0) > 0 && (
            <Names title={t("incident.acquitted")} names={incident.acquitted ?? []} mark="ok" />
          )}
        </div>
      </div>
    </article>
  );
}

export function ClosedList({ incidents }: { incidents: Incident[] }): JSX.Element {
  if (incidents.length === 0) return <p class="faint">{t("incident.none_closed")}</p>;
  const now = hub_now_ms.value;
  return (
    <ul class="closed-list">
      {incidents.map((incident) => {
        const since = incident.since_ms ?? incident.opened_ms;
        const end = incident.closed_ms;
        return (
          <li key={incident.id}>
            <ClassBadge incident={incident} small />
            <a href={to_incident(incident.id)}>{said(incident, "summary")}</a>
            <span class="faint number">
              {end !== undefined && since !== undefined && t("incident.lasted", { span: span(end - since) })}
            </span>
            <time class="faint number" dateTime={end === undefined ? undefined : new Date(end).toISOString()}>
              {end !== undefined && moment(end, now)}
            </time>
          </li>
        );
      })}
    </ul>
  );
}
