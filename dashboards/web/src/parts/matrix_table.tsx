// The tables of the matrix: one row per app or region, one cell per vantage.
// A cell tells its state by colour, by shape and by words, and always leads to the targets behind it.
import { Fragment, type JSX } from "preact";
import type { Cell, Row, Vantage } from "../api";
import { ago, bare_ms, latency } from "../format";
import { cause_word, outcome_words, t, word } from "../i18n";
import { to_target, to_targets } from "../route";
import { hub_now_ms } from "../store";
import { StatusMark } from "./marks";
import { Raw } from "./text";
import { noted } from "./tooltip";

export const cell_id = (row: Row, vantage: string): string => `${row.key} / ${vantage}`;
function GroupName({ row }: { row: Row }): JSX.Element {
  if (row.kind === "app") return <>{t("matrix.apps")}</>;
  if (row.kind === "control") return <>{t("matrix.controls")}</>;
  return (
    <>
      {row.partition !== undefined && word("partition", row.partition)}
      {row.provider !== undefined && (
        <>
          {" · "}
          <Raw>{row.provider}</Raw>
        </>
      )}
    </>
  );
}

function cell_label(cell: Cell): string {
  const parts = [t(`status.${cell.status}`)];
  const outcome = outcome_words(cell.stage, cell.cause);
  if (cell.status !== "ok" && outcome) parts.push(outcome);
  if (cell.p50_seconds !== undefined) parts.push(t("cell.median", { time: latency(cell.p50_seconds) }));
  return parts.join(", ");
}

function CellNote({ row, cell }: { row: Row; cell: Cell }): JSX.Element {
  const shown = (["ok", "degraded", "fail", "unknown", "none"] as const).filter((status) => cell[status] > 0);
  return (
    <>
      <p class="tooltip-title">
        <Raw>{cell.vantage}</Raw> → <RowName row={row} />
      </p>
      <p>
        <StatusMark status={cell.status} /> {cell_label(cell)}
      </p>
      {row.targets.length > 1 && (
        <p class="tooltip-counts">
          {shown.map((status) => (
            <span key={status}>
              <StatusMark status={status} /> {cell[status]}
            </span>
          ))}
        </p>
      )}
    </>
  );
}

function cell_text(cell: Cell): string {
  if (cell.status === "ok") return cell.p50_seconds === undefined ? t("status.ok") : bare_ms(cell.p50_seconds);
  if (cell.status === "none") return "";
  if (cell.status === "unknown") return cause_word(cell.cause) || t("unknown.short");
  return outcome_words(cell.stage, cell.cause, " ") || t(`status.${cell.status}`);
}

/** A row's name; the hub names the controls in English, so the page names them itself. */
function row_label(row: Row): string {
  if (row.kind !== "control") return row.label;
  if (row.partition === undefined) return t("matrix.controls");
  return t("matrix.control_row", { partition: word("partition", row.partition) });
}

function MatrixCell(props: { row: Row; cell: Cell; stop: boolean; edge: boolean }): JSX.Element {
  const { row, cell, stop, edge } = props;
  const [only] = row.targets;
  const href = row.targets.length === 1 && only !== undefined ? to_target(only, cell.vantage) : to_targets(row.key);
  const label = `${t("cell.from", { row: row_label(row), vantage: cell.vantage })}: ${cell_label(cell)}`;
  return (
    <td class={edge ? "edge" : undefined}>
      <a
        class={`cell cell-${cell.status}`}
        href={href}
        aria-label={label}
        tabIndex={stop ? 0 : -1}
        data-status={cell.status}
        data-id={cell_id(row, cell.vantage)}
        {...noted(() => <CellNote row={row} cell={cell} />)}
      >
        <StatusMark status={cell.status} />
        <span>{cell_text(cell)}</span>
      </a>
    </td>
  );
}

function VantageHead({ vantage, edge }: { vantage: Vantage; edge: boolean }): JSX.Element {
  const now = hub_now_ms.value;
  const seen = vantage.last_seen_ms;
  const about =
    vantage.state === "suspect"
      ? vantage.clock_wrong
        ? t("vantage.clock", { off: Math.abs(vantage.clock_ahead_seconds ?? 0).toFixed(1) })
        : t("vantage.suspect")
      : seen === undefined
        ? t("vantage.never")
        : t(vantage.state === "silent" ? "vantage.silent" : "vantage.ok", { ago: ago(seen, now) });
  const place = [vantage.city, vantage.isp, vantage.provider].filter(Boolean).join(" · ");
  return (
    <th scope="col" class={`vantage vantage-${vantage.state}${edge ? " edge" : ""}`}>
      <span
        class="vantage-name"
        {...noted(() => (
          <>
            <p class="tooltip-title">
              <Raw>{vantage.name}</Raw>
            </p>
            {place && (
              <p>
                <Raw>{place}</Raw>
              </p>
            )}
            <p>{about}</p>
          </>
        ))}
      >
        {vantage.state !== "ok" && <StatusMark status={vantage.state === "silent" ? "none" : "unknown"} />}
        <Raw>{vantage.name}</Raw>
      </span>
      {vantage.state !== "ok" && <span class="visually-hidden">{about}</span>}
    </th>
  );
}

function RowName({ row }: { row: Row }): JSX.Element {
  return row.kind === "control" ? <>{row_label(row)}</> : <Raw>{row.label}</Raw>;
}

function MatrixRow({ row, stop, edges }: { row: Row; stop: string; edges: boolean[] }): JSX.Element {
  const place = row.kind === "app" ? [row.provider, row.region].filter(Boolean).join("/") : "";
  const single = row.targets.length === 1 ? row.targets[0] : undefined;
  return (
    <tr data-row={row.key}>
      <th scope="row">
        <a href={single === undefined ? to_targets(row.key) : to_target(single)}>
          <RowName row={row} />
          {place && <Raw className="faint">{place}</Raw>}
        </a>
      </th>
      {row.cells.map((cell, at) => (
        <MatrixCell
          key={cell.vantage}
          row={row}
          cell={cell}
          stop={cell_id(row, cell.vantage) === stop}
          edge={edges[at] === true}
        />
      ))}
    </tr>
  );
}

/** The row that names the partitions of the vantages below it. */
function Partitions({ vantages }: { vantages: Vantage[] }): JSX.Element {
  const runs = vantages.reduce<{ name: string; n: number }[]>((found, { partition = "" }) => {
    const last = found.at(-1);
    if (last?.name === partition) last.n += 1;
    else found.push({ name: partition, n: 1 });
    return found;
  }, []);
  return (
    <tr class="partitions">
      <td />
      {runs.map(({ name, n }, at) => (
        <th key={`${name} ${at}`} scope="colgroup" colSpan={n} class={at > 0 ? "edge" : undefined}>
          {word("partition", name)}
        </th>
      ))}
    </tr>
  );
}

/**
 * A table of `groups`, each of rows that belong together. `stop` is the cell that the Tab key reaches.
 * With one group its name stands in the corner, and the partitions are left out.
 */
export function MatrixTable(props: { vantages: Vantage[]; groups: Row[][]; stop: string; small: boolean }): JSX.Element {
  const { vantages, groups, stop, small } = props;
  const edges = vantages.map(({ partition }, at) => at > 0 && partition !== vantages[at - 1]?.partition);
  const [first] = groups[0] ?? [];
  return (
    <div class="matrix-scroll">
      <table class="matrix" aria-describedby="matrix-help">
        <thead>
          {!small && <Partitions vantages={vantages} />}
          <tr>
            <th scope="col" class="corner">
              {small && first ? <GroupName row={first} /> : <span class="visually-hidden">{t("matrix.row")}</span>}
            </th>
            {vantages.map((vantage, at) => (
              <VantageHead key={vantage.name} vantage={vantage} edge={edges[at] === true} />
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map((rows) => (
            <Fragment key={rows[0]?.key}>
              {!small && rows[0] && (
                <tr class="group">
                  <th scope="rowgroup">
                    <GroupName row={rows[0]} />
                  </th>
                  <td colSpan={vantages.length} />
                </tr>
              )}
              {rows.map((row) => (
                <MatrixRow key={row.key} row={row} stop={stop} edges={edges} />
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
