// Who can be at fault, in the five words of the page, and what the open incidents say about each of them.
import type { Incident, Level, Overview } from "./api";

export type Blame = "app" | "cloud" | "dns" | "path" | "probe";
export const blames: readonly Blame[] = ["app", "cloud", "dns", "path", "probe"];

export type Standing = "guilty" | "suspected" | "possible" | "cleared" | "quiet" | "undecided" | "unknown";

const of_class: Record<string, Blame> = {
  app: "app",
  cloud: "cloud",
  provider: "cloud",
  dns: "dns",
  path: "path",
  probe: "probe",
  vantage: "probe",
};

const of_kind: Record<string, Blame> = {
  app: "app",
  endpoint: "app",
  ca: "app",
  provider: "cloud",
  edge: "cloud",
  region: "cloud",
  "service-region": "cloud",
  "service-global": "cloud",
  zone: "dns",
  "dns-provider": "dns",
  resolver: "dns",
  isp: "path",
  corridor: "path",
  peering: "path",
  path: "path",
  border: "path",
  "border-isp": "path",
  vantage: "probe",
  "host-region": "probe",
};

export function class_of(incident: Incident): Blame | undefined {
  return incident.grade === "insufficient" ? undefined : of_class[incident.class ?? ""];
}

/** "region:cirrus/cn-east" → kind "region", name "cirrus/cn-east". */
export function split_key(key: string): { kind: string; name: string } {
  const colon = key.indexOf(":");
  return colon < 0 ? { kind: "", name: key } : { kind: key.slice(0, colon), name: key.slice(colon + 1) };
}

export function class_of_key(key: string): Blame | undefined {
  const { kind, name } = split_key(key);
  return of_kind[kind || name];
}

/**
 * Whether a piece of evidence speaks against the one it names, or rules it out. Without a verdict it rules out only
 * whom the incident does not hold possible any more.
 */
export function rules_out(incident: Incident, rival: string | undefined): boolean {
  if (rival === undefined || rival === incident.component?.key) return false;
  return incident.grade !== "insufficient" || !incident.candidates?.some(({ key }) => key === rival);
}

export interface Suspect {
  blame: Blame;
  standing: Standing;
  /** Component keys that the standing is about. */
  keys: string[];
}

const rank: Standing[] = ["guilty", "suspected", "possible", "cleared"];

/** What can be said of somebody whom no incident mentions. While something fails unexplained, nobody is declared fine. */
const unmentioned: Record<Level, Standing> = { ok: "quiet", incident: "quiet", attention: "undecided", waiting: "unknown" };

/** One line for each of the five: what the open incidents together say. */
export function suspects(picture: Overview): Suspect[] {
  return blames.map((blame) => {
    const found = new Map<Standing, Set<string>>();
    const note = (standing: Standing, key: string | undefined): void => {
      const keys = found.get(standing) ?? new Set<string>();
      if (key !== undefined) keys.add(key);
      found.set(standing, keys);
    };
    for (const incident of picture.incidents) {
      const culprit = class_of(incident);
      if (culprit === blame) {
        note(incident.grade === "convicted" ? "guilty" : "suspected", incident.component?.key);
      }
      if (incident.grade !== "convicted") {
        for (const { key } of incident.candidates ?? []) {
          if (class_of_key(key) === blame && culprit !== blame) note("possible", key);
        }
      }
      for (const { for: rival } of incident.evidence ?? []) {
        if (rival !== undefined && class_of_key(rival) === blame && rules_out(incident, rival)) note("cleared", rival);
      }
    }
    const standing = rank.find((one) => found.has(one)) ?? unmentioned[picture.headline.level] ?? "unknown";
    return { blame, standing, keys: [...(found.get(standing) ?? [])] };
  });
}
