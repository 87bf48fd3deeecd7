// One target: what it is, where the time of its latest runs went, how latency went over time, and what failed.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import type { Result, Series, Target, TargetPage } from "../api";
import { useAsked } from "../ask";
import { date, latency, moment, span } from "../format";
import { outcome_words, t, word } from "../i18n";
import { Chart } from "../parts/chart";
import { StatusMark } from "../parts/marks";
import { Raw } from "../parts/text";
import { Waterfall } from "../parts/waterfall";
import { to_targets } from "../route";
import { hub_now_ms, overview, staleness } from "../store";

const ranges = { "1h": 3_600_000, "6h": 21_600_000, "24h": 86_400_000, "7d": 604_800_000 } as const;
type Range = keyof typeof ranges;
const first_failures = 12;

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ target }: { target: Target }): JSX.Element {
  const where = [target.provider, target.region].filter(Boolean).join("/");
  const place = [target.city, target.country].filter(Boolean).join(", ");
  const expiries = (target.latest ?? []).flatMap((r) => r.ssl_earliest_cert_expiry ?? []);
  return (
    <dl class="fact-grid">
      {target.url !== undefined && (
        <Fact name={t("field.url")}>
          <Raw className="remote">{target.url}</Raw>
        </Fact>
      )}
      {target.role !== undefined && <Fact name={t("field.role")}>{word("role", target.role)}</Fact>}
      {where && (
        <Fact name={t("field.where")}>
          <Raw>{where}</Raw>
        </Fact>
      )}
      {target.service !== undefined && (
        <Fact name={t("field.service")}>
          <Raw>{target.service}</Raw>
        </Fact>
      )}
      {target.partition !== undefined && (
        <Fact name={t("field.partition")}>{word("partition", target.partition)}</Fact>
      )}
      {place && (
        <Fact name={t("field.place")}>
          <Raw>{place}</Raw>
        </Fact>
      )}
      {target.check !== undefined && (
        <Fact name={t("field.check")}>
          <Raw>{target.check.toUpperCase()}</Raw>
        </Fact>
      )}
      {target.every_seconds !== undefined && (
        <Fact name={t("field.every")}>{span(target.every_seconds * 1000)}</Fact>
      )}
      {expiries.length > 0 && <Fact name={t("field.cert")}>{date(Math.min(...expiries) * 1000)}</Fact>}
    </dl>
  );
}

function Latency({ name }: { name: string }): JSX.Element {
  const range = useSignal<Range>("1h");
  const length = ranges[range.value];
  // The right edge moves in steps, so that the question stays the same between two asks.
  const to_ms = Math.ceil(hub_now_ms.value / (length / 60)) * (length / 60);
  const query = new URLSearchParams({
    target: name,
    from_ms: String(to_ms - length),
    to_ms: String(to_ms),
  });
  const asked = useAsked<Series>(`series?${query}`, 15_000);
  const { value, trouble } = asked.value;
  const empty = value !== null && !value.series.some(({ points }) => points.some((point) => point[3] > 0));
  return (
    <section aria-labelledby="latency-title">
      <div class="section-head">
        <h2 id="latency-title">{t("target.latency")}</h2>
        <div class="choice" role="group" aria-label={t("target.range")}>
          {(Object.keys(ranges) as Range[]).map((one) => (
            <button key={one} type="button" aria-pressed={range.value === one} onClick={() => (range.value = one)}>
              {t(`range.${one}`)}
            </button>
          ))}
        </div>
      </div>
      {trouble === "failed" && <p class="hint">{t("targets.failed")}</p>}
      {empty && <p class="faint">{t("target.no_series")}</p>}
      {value === null && trouble === "" && <p class="faint chart-room">{t("targets.loading")}</p>}
      {value !== null && !empty && (
        <>
          <Chart data={value} />
          <p class="faint">{t("target.latency_note")}</p>
        </>
      )}
    </section>
  );
}

function Failures({ failures }: { failures: Result[] }): JSX.Element {
  const all = useSignal(false);
  const now = hub_now_ms.value;
  const shown = all.value ? failures : failures.slice(0, first_failures);
  return (
    <section aria-labelledby="failures-title">
      <h2 id="failures-title">{t("target.failures")}</h2>
      {failures.length === 0 && <p class="faint">{t("target.no_failures")}</p>}
      {failures.length > 0 && (
        <table class="list">
          <thead>
            <tr>
              <th scope="col">{t("field.time")}</th>
              <th scope="col">{t("field.vantage")}</th>
              <th scope="col">{t("field.outcome")}</th>
              <th scope="col" class="wide">{t("field.detail")}</th>
              <th scope="col" class="wide">{t("field.ip")}</th>
              <th scope="col" class="number">{t("field.took")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((result) => (
              <tr key={`${result.time_ms} ${result.vantage} ${result.check} ${result.family}`}>
                <td class="number">{moment(result.time_ms, now)}</td>
                <td>
                  <Raw>{result.vantage}</Raw>
                </td>
                <td class="nowrap">
                  <StatusMark status={result.status} />{" "}
                  {outcome_words(result.stage, result.cause) || t(`status.${result.status}`)}
                </td>
                <td class="wide">
                  <Raw className="remote">{result.detail}</Raw>
                </td>
                <td class="wide">
                  <Raw className="remote">{result.ip}</Raw>
                </td>
                <td class="number">{latency(result.duration_seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {failures.length > shown.length && (
        <button type="button" class="more" onClick={() => (all.value = true)}>
          {t("target.more", { n: failures.length })}
        </button>
      )}
    </section>
  );
}

export function TargetView({ name, vantage }: { name: string; vantage: string | undefined }): JSX.Element {
  const asked = useAsked<TargetPage>(`targets/${encodeURIComponent(name)}`, 2000);
  const { value, trouble } = asked.value;
  if (value === null) {
    return (
      <section class="empty">
        <h1>{t(trouble === "missing" ? "target.missing" : trouble ? "targets.failed" : "targets.loading")}</h1>
      </section>
    );
  }
  const { target, failures } = value;
  const order = new Map(overview.value?.vantages.map((one, at) => [one.name, at]));
  const latest = [...(target.latest ?? [])].sort((a, b) => (order.get(a.vantage) ?? 0) - (order.get(b.vantage) ?? 0));
  return (
    <div class={staleness.value || trouble === "failed" ? "old" : ""}>
      <p class="crumbs">
        <a href={to_targets()}>← {t("nav.targets")}</a>
      </p>
      <h1 class="target-name">
        <StatusMark status={target.status ?? "none"} />
        <Raw>{target.name}</Raw>
        <span class={`outcome outcome-${target.status ?? "none"}`}>{t(`status.${target.status ?? "none"}`)}</span>
      </h1>
      {(staleness.value || trouble === "failed") && <p class="hint">{t("targets.failed")}</p>}
      {target.never_healthy && <p class="hint">{t("target.never")}</p>}
      <Facts target={target} />
      <section aria-labelledby="latest-title">
        <h2 id="latest-title">{t("target.latest")}</h2>
        {latest.length === 0 ? (
          <p class="faint">{t("target.no_latest")}</p>
        ) : (
          <Waterfall results={latest} marked={vantage} />
        )}
      </section>
      <Latency name={name} />
      <Failures failures={failures} />
    </div>
  );
}
