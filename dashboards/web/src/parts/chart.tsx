// Latency over time, one line per vantage. A gap stays a gap. Failures have a lane of their own below the lines,
// because a failed run has no latency and must still be seen.
import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Series } from "../api";
import { day, latency, minute } from "../format";
import { lang, t } from "../i18n";
import { shown_theme } from "../theme";
import { Raw } from "./text";

// Okabe and Ito's colours, in two shades where the theme needs it; beyond eight vantages the lines are dashed.
const light = ["#0072b2", "#d55e00", "#009e73", "#b4558d", "#b07900", "#3d8fc4", "#7a6a00", "#3b4252"];
const dark = ["#56b4e9", "#e8793a", "#2cc295", "#e39ac6", "#f0b43c", "#8ccbf2", "#f0e442", "#d8dee9"];

const lane_px = 9;
const plot_height_px = 260;

/** Vantages whose line the reader switched off; kept while the page is open. */
const hidden = signal<ReadonlySet<string>>(new Set());

const colour = (at: number): string => (shown_theme.value === "dark" ? dark : light)[at % light.length] as string;
const dash = (at: number): number[] => (at < light.length ? [] : [6, 3]);

function toggle(vantage: string): void {
  const next = new Set(hidden.value);
  if (!next.delete(vantage)) next.add(vantage);
  hidden.value = next;
}

/** One time axis for all lines; a vantage that has no point at a time has a gap there. */
function columns(data: Series): uPlot.AlignedData {
  const times = [...new Set(data.series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const place = new Map(times.map((at, index) => [at, index]));
  const lines = data.series.map(({ points }) => {
    const line: (number | null)[] = new Array(times.length).fill(null);
    for (const [at, median] of points) line[place.get(at) as number] = median;
    return line;
  });
  return [times.map((at) => at / 1000), ...lines];
}

/** Draws the marks of failed runs, one lane for each vantage that has any. */
function draw_failures(plot: uPlot, data: Series, lanes: number[]): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  const width = Math.max(2 * ratio, (plot.bbox.width / 360) * 0.8);
  ctx.save();
  lanes.forEach((at, lane) => {
    const line = data.series[at];
    if (line === undefined || hidden.value.has(line.vantage)) return;
    const y = plot.bbox.top + plot.bbox.height - (lane + 1) * lane_px * ratio;
    ctx.fillStyle = colour(at);
    for (const [start, , , , failures] of line.points) {
      if (failures > 0) {
        const x = plot.valToPos((start + data.step_ms / 2) / 1000, "x", true);
        ctx.fillRect(x - width / 2, y, width, (lane_px - 2) * ratio);
      }
    }
  });
  ctx.restore();
}

function options(data: Series, lanes: number[], width: number, cursor: (index: number | null) => void): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--faint").trim();
  const grid = { stroke: style.getPropertyValue("--line").trim(), width: 1 };
  const font = `11px ${style.getPropertyValue("--font").trim()}`;
  const long = data.to_ms - data.from_ms > 2 * 86_400_000;
  const below = (lanes.length * lane_px + 6) / (plot_height_px - 40);
  return {
    width,
    height: plot_height_px,
    legend: { show: false },
    cursor: { drag: { setScale: false, x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: () => [data.from_ms / 1000, data.to_ms / 1000] },
      // Latency starts at zero; what is below zero is the room of the failure lanes.
      y: { range: (_plot, _low, high) => [-(high || 0.1) * 1.1 * below, (high || 0.1) * 1.1] },
    },
    axes: [
      {
        stroke: ink,
        grid: { show: false },
        ticks: { show: false },
        size: 30,
        font,
        space: 70,
        values: (_plot, at) => at.map((seconds) => (long ? day : minute)(seconds * 1000)),
      },
      {
        stroke: ink,
        grid,
        ticks: { show: false },
        font,
        size: 62,
        splits: (_plot, _axis, _low, high, step) => {
          const marks = [];
          for (let at = 0; at <= high; at += step) marks.push(at);
          return marks;
        },
        values: (_plot, at) => at.map((seconds) => (seconds === 0 ? "0" : latency(seconds))),
      },
    ],
    series: [
      {},
      ...data.series.map(({ vantage }, at) => ({
        stroke: colour(at),
        dash: dash(at),
        width: 1.5,
        spanGaps: false,
        show: !hidden.value.has(vantage),
        points: { show: false },
      })),
    ],
    hooks: {
      draw: [(plot) => draw_failures(plot, data, lanes)],
      setCursor: [(plot) => cursor(plot.cursor.idx ?? null)],
    },
  };
}

export function Chart({ data }: { data: Series }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const index = useSignal<number | null>(null);
  const theme = shown_theme.value;
  const language = lang.value;
  const off = hidden.value;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const lanes = data.series.flatMap(({ points }, at) => (points.some((point) => point[4] > 0) ? [at] : []));
    const plot = new uPlot(
      options(data, lanes, element.clientWidth, (at) => (index.value = at)),
      columns(data),
      element,
    );
    const watcher = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: plot_height_px }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [data, theme, language, off]);
  return (
    <>
      <div class="chart" ref={box} role="img" aria-label={t("target.chart", { n: data.series.length })} />
      <ChartLegend data={data} index={index.value} />
    </>
  );
}

function ChartLegend({ data, index }: { data: Series; index: number | null }): JSX.Element {
  const times = columns(data)[0];
  const at_ms = index === null ? null : Math.round((times[index] ?? 0) * 1000);
  return (
    <ul class="chart-legend">
      {data.series.map(({ vantage, points }, at) => {
        const point = at_ms === null ? undefined : points.find(([start]) => start === at_ms);
        const runs = points.reduce((sum, one) => sum + one[3], 0);
        const failures = points.reduce((sum, one) => sum + one[4], 0);
        const here = point && (point[1] === null ? t(point[4] > 0 ? "status.fail" : "chart.no_runs") : latency(point[1]));
        return (
          <li key={vantage}>
            <button type="button" aria-pressed={!hidden.value.has(vantage)} onClick={() => toggle(vantage)}>
              <svg viewBox="0 0 18 4" aria-hidden="true">
                <path d="M0 2h18" stroke={colour(at)} stroke-width="3" stroke-dasharray={dash(at).join(" ") || undefined} />
              </svg>
              <Raw>{vantage}</Raw>
              <span class="faint number">
                {here ?? (failures > 0 ? t("chart.failures", { n: failures, all: runs }) : "")}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
