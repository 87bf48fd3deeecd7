// All targets in one list, with a box to narrow it down. The filter is plain words that must all occur.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Status, Target } from "../api";
import { useAsked } from "../ask";
import { latency } from "../format";
import { outcome_words, t, word } from "../i18n";
import { StatusMark } from "../parts/marks";
import { Raw, WithName } from "../parts/text";
import { to_target, to_targets } from "../route";
import { overview, staleness } from "../store";

const worst_first: Record<Status, number> = { fail: 0, degraded: 1, unknown: 2, none: 3, ok: 4 };
const role_order = (target: Target): number => ["app", "reference", "control"].indexOf(target.role ?? "");
const standing = (target: Target): Status => target.status ?? "none";

function haystack(target: Target): string {
  const { name, url, role, app, provider, region, service, check } = target;
  const words = [name, url, app, provider, region, service, check, role, word("role", role)];
  if (target.never_healthy) words.push(t("targets.never"));
  return [...words, standing(target), t(`status.${standing(target)}`)].join(" ").toLowerCase();
}

function median(values: number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

function TargetRow({ target }: { target: Target }): JSX.Element {
  const latest = target.latest ?? [];
  const worst = latest.find((result) => result.status === standing(target));
  const good = latest.filter((r) => r.status === "ok" || r.status === "degraded");
  const middle = median(good.flatMap((r) => (r.duration_seconds === undefined ? [] : [r.duration_seconds])));
  const where = [target.provider, target.region].filter(Boolean).join("/");
  const trouble = standing(target) === "ok" ? "" : outcome_words(worst?.stage, worst?.cause);
  return (
    <tr>
      <td class="status-column">
        <StatusMark status={standing(target)} />
        <span class="visually-hidden">{t(`status.${standing(target)}`)}</span>
      </td>
      <th scope="row">
        <a href={to_target(target.name)}>
          <Raw>{target.name}</Raw>
        </a>
      </th>
      <td>
        {trouble || t(`status.${standing(target)}`)}
        {target.never_healthy && <span class="faint"> · {t("targets.never")}</span>}
      </td>
      <td class="wide">
        <Raw>{where}</Raw>
      </td>
      <td class="wide">{word("role", target.role)}</td>
      <td class="wide">
        <Raw>{target.check?.toUpperCase()}</Raw>
      </td>
      <td class="wide">
        <span class="dots">
          {latest.map((result) => (
            <StatusMark key={`${result.vantage} ${result.check} ${result.family}`} status={result.status} />
          ))}
        </span>
      </td>
      <td class="number">{latency(middle)}</td>
    </tr>
  );
}

export function TargetsView({ row }: { row: string | undefined }): JSX.Element {
  const asked = useAsked<{ targets: Target[] }>("targets", 5000);
  const filter = useSignal("");
  const { value, trouble } = asked.value;
  const only = row === undefined ? undefined : overview.value?.rows.find((one) => one.key === row);
  const all = value?.targets ?? [];
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = all
    .filter((target) => only === undefined || only.targets.includes(target.name))
    .filter((target) => words.every((one) => haystack(target).includes(one)))
    .sort(
      (a, b) =>
        worst_first[standing(a)] - worst_first[standing(b)] ||
        role_order(a) - role_order(b) ||
        a.name.localeCompare(b.name),
    );
  return (
    <section class={staleness.value || trouble === "failed" ? "old" : ""}>
      <div class="section-head">
        <h1>{t("targets.title")}</h1>
        <span class="faint number">{t("targets.count", { n: shown.length, all: all.length })}</span>
      </div>
      <div class="filter">
        <input
          type="search"
          value={filter.value}
          placeholder={t("targets.filter")}
          aria-label={t("targets.filter")}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
        {only !== undefined && (
          <span class="narrowed">
            <WithName name={only.label} sentence={(hole) => t("targets.row", { row: hole })} />{" "}
            <a href={to_targets()}>{t("targets.all")}</a>
          </span>
        )}
      </div>
      {trouble === "failed" && <p class="hint">{t("targets.failed")}</p>}
      {value === null && trouble === "" && <p class="faint">{t("targets.loading")}</p>}
      {value !== null && shown.length === 0 && (
        <p class="faint">{t(all.length === 0 ? "empty.no_targets" : "targets.none")}</p>
      )}
      {shown.length > 0 && (
        <table class="list">
          <thead>
            <tr>
              <th scope="col">
                <span class="visually-hidden">{t("field.status")}</span>
              </th>
              <th scope="col">{t("field.name")}</th>
              <th scope="col">{t("field.status")}</th>
              <th scope="col" class="wide">{t("field.where")}</th>
              <th scope="col" class="wide">{t("field.role")}</th>
              <th scope="col" class="wide">{t("field.check")}</th>
              <th scope="col" class="wide">{t("field.vantages")}</th>
              <th scope="col" class="number">{t("field.median")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((target) => (
              <TargetRow key={target.name} target={target} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
