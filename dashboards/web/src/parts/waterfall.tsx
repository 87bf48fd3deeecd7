// Where the time of a run went, one bar per vantage. A phase that was not reached has no value and is not drawn;
// what a failed run spent beyond its finished phases is drawn as waiting, because that is all that is known.
import type { JSX } from "preact";
import type { Result } from "../api";
import { ago, latency } from "../format";
import { outcome_words, t } from "../i18n";
import { hub_now_ms } from "../store";
import { StatusMark } from "./marks";
import { Raw } from "./text";

export const phases = ["resolve", "connect", "tls", "processing", "transfer"] as const;
type Phase = (typeof phases)[number];
type Part = { name: Phase | "rest" | "lost"; seconds: number };

/** The parts of a run in the order they happened. */
export function parts_of(result: Result): Part[] {
  const parts: Part[] = [];
  for (const name of phases) {
    const seconds = result[`${name}_seconds`];
    if (typeof seconds === "number") parts.push({ name, seconds });
  }
  const known = parts.reduce((sum, part) => sum + part.seconds, 0);
  const rest = (result.duration_seconds ?? 0) - known;
  const good = result.status === "ok" || result.status === "degraded";
  // Phases are measured apart and rounded, so a sliver is no finding.
  if (rest > Math.max(0.001, 0.02 * known)) parts.push({ name: good ? "rest" : "lost", seconds: rest });
  return parts;
}

const total = (result: Result): number =>
  Math.max(result.duration_seconds ?? 0, parts_of(result).reduce((sum, part) => sum + part.seconds, 0));

/** The time at the right edge. A timeout of seconds must not flatten answers of milliseconds: it runs out of the frame. */
function frame_seconds(results: Result[]): number {
  const longest = Math.max(...results.map(total), 0.001);
  const good = results.filter((r) => r.status === "ok" || r.status === "degraded").map(total);
  const longest_good = Math.max(...good, 0);
  return longest_good > 0 && longest > 4 * longest_good ? 2 * longest_good : longest;
}

function Bar({ result, frame }: { result: Result; frame: number }): JSX.Element {
  const parts = parts_of(result);
  const label = parts.map((part) => `${t(`phase.${part.name}`)} ${latency(part.seconds)}`).join(", ");
  let start = 0;
  return (
    <div class={`waterfall-bar${total(result) > frame ? " cut" : ""}`} role="img" aria-label={label}>
      {parts.map((part) => {
        const left = start;
        start += part.seconds;
        if (left >= frame) return null;
        const width = Math.min(part.seconds, frame - left);
        return (
          <i
            key={part.name}
            class={`phase phase-${part.name}`}
            data-phase={part.name}
            title={`${t(`phase.${part.name}`)} ${latency(part.seconds)}`}
            style={{ left: `${(left / frame) * 100}%`, width: `${(width / frame) * 100}%` }}
          />
        );
      })}
    </div>
  );
}

function Line({ result, frame, mark, tell }: { result: Result; frame: number; mark: boolean; tell: boolean }): JSX.Element {
  const good = result.status === "ok";
  const outcome = outcome_words(result.stage, result.cause);
  return (
    <li class={`waterfall-row${mark ? " marked" : ""}`} data-vantage={result.vantage}>
      <span class="waterfall-name">
        <StatusMark status={result.status} />
        <Raw>{result.vantage}</Raw>
        {tell && <Raw className="faint">{[result.check, result.family].filter(Boolean).join(" ")}</Raw>}
      </span>
      <Bar result={result} frame={frame} />
      <span class="waterfall-total number">{latency(result.duration_seconds)}</span>
      <span class="waterfall-outcome">
        <span class={`outcome outcome-${result.status}`}>
          {good ? t("status.ok") : outcome || t(`status.${result.status}`)}
        </span>
        {result.http_status_code !== undefined && <span class="number">{result.http_status_code}</span>}
        {result.detail !== undefined && !good && <Raw className="remote">{result.detail}</Raw>}
        {result.suspect === true && <span class="faint">{t("target.suspect")}</span>}
        <span class="faint">{ago(result.time_ms, hub_now_ms.value)}</span>
      </span>
    </li>
  );
}

export function Waterfall({ results, marked }: { results: Result[]; marked: string | undefined }): JSX.Element {
  const frame = frame_seconds(results);
  const seen = new Set<string>();
  const several = results.some(({ vantage }) => seen.has(vantage) || !seen.add(vantage));
  const used = new Set(results.flatMap((result) => parts_of(result).map((part) => part.name)));
  return (
    <>
      <ul class="legend">
        {[...phases, "rest" as const, "lost" as const]
          .filter((name) => used.has(name))
          .map((name) => (
            <li key={name}>
              <i class={`swatch phase-${name}`} aria-hidden="true" />
              {t(`phase.${name}`)}
            </li>
          ))}
      </ul>
      <ul class="waterfall">
        {results.map((result) => (
          <Line
            key={`${result.vantage} ${result.check} ${result.family}`}
            result={result}
            frame={frame}
            mark={result.vantage === marked}
            tell={several}
          />
        ))}
      </ul>
    </>
  );
}
