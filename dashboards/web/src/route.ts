// Where the reader is, kept in the part of the address behind the `#`, so that every view can be sent as a link.
import { signal } from "@preact/signals";

export type Route =
  | { view: "now" }
  | { view: "targets"; row?: string }
  | { view: "target"; name: string; vantage?: string }
  | { view: "incident"; id: string };

/** Never throws: a link that was cut or mistyped leads to the first view. */
export function parse_route(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const asked = new URLSearchParams(query);
  const [head = "", ...rest] = path.split("/");
  let tail = "";
  try {
    tail = decodeURIComponent(rest.join("/"));
  } catch {
    return { view: "now" };
  }
  if (head === "target" && tail) {
    const vantage = asked.get("from");
    return vantage ? { view: "target", name: tail, vantage } : { view: "target", name: tail };
  }
  if (head === "incident" && tail) return { view: "incident", id: tail };
  if (head === "targets") {
    const row = asked.get("row");
    return row ? { view: "targets", row } : { view: "targets" };
  }
  return { view: "now" };
}

export const to_now = "#/";
export const to_targets = (row?: string): string =>
  row === undefined ? "#/targets" : `#/targets?row=${encodeURIComponent(row)}`;
export const to_target = (name: string, vantage?: string): string =>
  `#/target/${encodeURIComponent(name)}${vantage === undefined ? "" : `?from=${encodeURIComponent(vantage)}`}`;
export const to_incident = (id: string): string => `#/incident/${encodeURIComponent(id)}`;

export const route = signal<Route>(parse_route(location.hash));

export function start_routing(): void {
  addEventListener("hashchange", () => {
    route.value = parse_route(location.hash);
    scrollTo(0, 0);
  });
}
