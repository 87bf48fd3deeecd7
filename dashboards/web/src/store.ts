// The state every part of the page reads: the picture, how it is known, the hub's clock, where the reader is.
import { computed, signal } from "@preact/signals";
import type { Incident, Overview } from "./api";

/** How the page hears of the hub. `stale` = it does not answer any more. */
export type Mode = "connecting" | "live" | "polling" | "reconnecting" | "stale";

export const overview = signal<Overview | null>(null);
export const closed_incidents = signal<Incident[] | null>(null);
export const mode = signal<Mode>("connecting");
/** The hub answered, but said that it is not ready. */
export const starting = signal(false);
/** What went wrong in the page itself; the next picture gets a new try. */
export const page_fault = signal<string | null>(null);
/** This browser's clock, once a second, so that ages grow on their own. */
export const tick_ms = signal(Date.now());
/** When the hub last answered, and when its picture last moved on (this browser's clock). */
export const contact_ms = signal(0);
export const moved_ms = signal(0);
/** The hub's clock minus this browser's. Ages are counted on the hub's clock: laptops are often wrong. */
export const clock_gap_ms = signal(0);

export const hub_now_ms = computed(() => tick_ms.value + clock_gap_ms.value);

const round_ms = computed(() => overview.value?.round_ms ?? 10_000);
/** Silence after which the page asks for itself whether the hub is still there. */
export const ask_after_ms = computed(() => Math.max(15_000, 1.5 * round_ms.value));
const old_after_ms = computed(() => Math.max(45_000, 4 * round_ms.value));

/** `contact`: the hub does not answer; `frozen`: it answers with a picture that stands still; else the picture is the present. */
export const staleness = computed<"" | "contact" | "frozen">(() => {
  if (overview.value === null) return "";
  if (mode.value === "stale" || tick_ms.value - contact_ms.value > old_after_ms.value) return "contact";
  if (tick_ms.value - moved_ms.value > old_after_ms.value) return "frozen";
  return "";
});

/** Since when the picture is no longer the present, on the hub's clock. */
export const stale_since_ms = computed(
  () => (staleness.value === "frozen" ? moved_ms.value : contact_ms.value) + clock_gap_ms.value,
);

const partition_order = (partition = ""): number => ["domestic", "overseas"].indexOf(partition) >>> 0;

/** The hub sends vantages by name; the page shows those of one partition side by side. Cells follow their vantages. */
function by_partition(picture: Overview): Overview {
  const order = picture.vantages
    .map((vantage, at) => ({ at, place: partition_order(vantage.partition) }))
    .sort((a, b) => a.place - b.place || a.at - b.at);
  const sorted = <T>(list: T[]): T[] => order.flatMap(({ at }) => list[at] ?? []);
  const rows = picture.rows.map((row) => ({ ...row, cells: sorted(row.cells) }));
  return { ...picture, vantages: sorted(picture.vantages), rows };
}

/** Takes a whole picture from the hub. `told`: the hub sent it of its own accord, which it does when something changed. */
export function take_overview(next: Overview, told: boolean): void {
  const now = Date.now();
  const later = next.time_ms !== overview.value?.time_ms;
  contact_ms.value = now;
  tick_ms.value = now;
  if (told || later) moved_ms.value = now;
  if (later) clock_gap_ms.value = next.time_ms - now;
  page_fault.value = null;
  try {
    overview.value = by_partition(next);
  } catch (fault) {
    page_fault.value = String(fault);
  }
}

/** Takes one incident that opened, changed or closed, ahead of the next picture. */
export function take_incident(next: Incident): void {
  const picture = overview.value;
  if (picture === null) return;
  const others = picture.incidents.filter((incident) => incident.id !== next.id);
  if (next.state === "open") {
    const at = picture.incidents.findIndex((incident) => incident.id === next.id);
    others.splice(at < 0 ? 0 : at, 0, next);
  } else if (closed_incidents.value !== null) {
    closed_incidents.value = [next, ...closed_incidents.value.filter((i) => i.id !== next.id)].slice(0, 10);
  }
  overview.value = { ...picture, incidents: others };
}
