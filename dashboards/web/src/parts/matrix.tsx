// The matrix: what every vantage sees of every app and region, with its legend and filter.
// It has one tab stop; arrow keys move inside.
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { Overview, Row } from "../api";
import { t } from "../i18n";
import { staleness } from "../store";
import { StatusMark } from "./marks";
import { MatrixTable, cell_id } from "./matrix_table";

/** Up to this many vantages a single table would be a narrow strip, so the groups stand side by side. */
const side_by_side = 3;

const only_trouble = signal(false);
/** The cell that holds the tab stop. */
const tab_stop = signal("");

const troubled = (row: Row): boolean => row.cells.some((cell) => cell.status === "fail" || cell.status === "degraded");

/** Rows that belong together: apps, the regions of one cloud in one partition, controls. The hub sends them in order. */
function in_groups(rows: Row[]): Row[][] {
  const name = (row: Row): string =>
    row.kind === "region" ? [row.partition ?? "", row.provider ?? ""].join("\n") : row.kind;
  const groups: Row[][] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last?.[0] && name(last[0]) === name(row)) last.push(row);
    else groups.push([row]);
  }
  return groups;
}

/** Moves the focus by one cell in the direction of the arrow key. */
function move(event: KeyboardEvent): void {
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  const from = (event.target as Element).closest("td");
  if (step === undefined || from === null) return;
  const rows = [...(event.currentTarget as Element).querySelectorAll("tr[data-row]")];
  const row = rows.indexOf(from.parentElement as Element) + (step[0] ?? 0);
  const column = (from as HTMLTableCellElement).cellIndex + (step[1] ?? 0);
  const next = (rows[row] as HTMLTableRowElement | undefined)?.cells[column]?.querySelector("a.cell");
  if (next instanceof HTMLElement) {
    event.preventDefault();
    tab_stop.value = next.dataset["id"] ?? "";
    next.focus();
  }
}

function RowFilter({ failing, all }: { failing: number; all: number }): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={t("matrix.show")}>
      <button type="button" aria-pressed={!only_trouble.value} onClick={() => (only_trouble.value = false)}>
        {t("matrix.all")} <span class="number">{all}</span>
      </button>
      <button type="button" aria-pressed={only_trouble.value} onClick={() => (only_trouble.value = true)}>
        {t("matrix.trouble")} <span class="number">{failing}</span>
      </button>
    </div>
  );
}

export function Matrix({ picture }: { picture: Overview }): JSX.Element {
  const { vantages } = picture;
  const failing = picture.rows.filter(troubled);
  const rows = only_trouble.value ? failing : picture.rows;
  const groups = in_groups(rows);
  const small = vantages.length <= side_by_side;
  const first = rows[0]?.cells[0];
  const known = rows.some((row) => row.cells.some((cell) => cell_id(row, cell.vantage) === tab_stop.value));
  const stop = known ? tab_stop.value : first && rows[0] ? cell_id(rows[0], first.vantage) : "";
  return (
    <section class={`matrix-section${staleness.value ? " old" : ""}`} aria-labelledby="matrix-title">
      <div class="section-head">
        <h2 id="matrix-title">{t("matrix.title")}</h2>
        <Legend />
        <RowFilter failing={failing.length} all={picture.rows.length} />
      </div>
      {rows.length === 0 && <p class="faint">{t("matrix.no_trouble")}</p>}
      <div
        class={small ? "matrices side-by-side" : "matrices"}
        style={{ "--columns": vantages.length }}
        onKeyDown={move}
      >
        {small
          ? groups.map((group) => (
              <MatrixTable key={group[0]?.key} vantages={vantages} groups={[group]} stop={stop} small />
            ))
          : rows.length > 0 && <MatrixTable vantages={vantages} groups={groups} stop={stop} small={false} />}
      </div>
      <p id="matrix-help" class="visually-hidden">
        {t("matrix.help")}
      </p>
    </section>
  );
}

function Legend(): JSX.Element {
  return (
    <ul class="legend">
      {(["ok", "degraded", "fail", "unknown", "none"] as const).map((status) => (
        <li key={status}>
          <StatusMark status={status} />
          {t(`status.${status}`)}
        </li>
      ))}
      <li class="faint">{t("matrix.unit")}</li>
    </ul>
  );
}
