// Writes fixtures/*.json: small worlds in the format of docs/api.md, each with one situation. Run it after a change:
//   node make_fixtures.mjs
// The files are committed so that they can be read; the test fails when they differ from what this script makes.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { app_incident, cloud_incident, closed_incidents, insufficient_incident, leaning_incident } from "./incidents.mjs";

export const now_ms = Date.UTC(2025, 10, 24, 6, 40, 12);
const round_ms = 10_000;

const vantage = (name, provider, region, partition, isp, city, country) => ({
  name, provider, region, partition, isp, city, country, version: "0.1.0", last_seen_ms: now_ms - 1000, state: "ok",
});
const vantages = [
  vantage("shanghai-ct", "cirrus", "cn-east", "domestic", "ct", "Shanghai", "CN"),
  vantage("beijing-cu", "stratus", "cn-north", "domestic", "cu", "Beijing", "CN"),
  vantage("guangzhou-cm", "cirrus", "cn-south", "domestic", "cm", "Guangzhou", "CN"),
  vantage("frankfurt-dt", "nimbus", "eu-central", "overseas", "dt", "Frankfurt", "DE"),
  vantage("virginia-cogent", "nimbus", "us-east", "overseas", "cogent", "Ashburn", "US"),
  vantage("singapore-st", "stratus", "ap-southeast", "overseas", "singtel", "Singapore", "SG"),
];
const regions = [
  ["cirrus", "cn-east", "domestic", "CN", "Shanghai"], ["cirrus", "cn-south", "domestic", "CN", "Guangzhou"],
  ["stratus", "cn-north", "domestic", "CN", "Beijing"],
  ["cirrus", "ap-southeast", "overseas", "SG", "Singapore"], ["nimbus", "eu-central", "overseas", "DE", "Frankfurt"],
  ["nimbus", "us-east", "overseas", "US", "Ashburn"], ["stratus", "us-west", "overseas", "US", "San Jose"],
];
const apps = [
  ["checkout", "cirrus", "cn-east", "domestic"], ["search", "cirrus", "cn-east", "domestic"],
  ["orders", "stratus", "cn-north", "domestic"], ["storefront", "nimbus", "us-east", "overseas"],
  ["media", "nimbus", "eu-central", "overseas"],
];

/** A number in [0, 1) that depends only on the text, so that the files come out the same each time. */
function chance(text) {
  let hash = 2166136261;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 16777619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
const micro = (seconds) => Math.round(seconds * 1e6) / 1e6;

function targets_of(world) {
  const list = world.apps.map(([name, provider, region, partition]) => ({
    name, url: `https://${name}.example.com/healthz`, check: "http", role: "app", app: name,
    provider, region, service: "app", partition, every_seconds: 10,
  }));
  for (const [provider, region, partition, country, city] of world.regions) {
    for (const service of ["object-storage", "compute-api"]) {
      list.push({
        name: `${provider}/${region}/${service}`, url: `https://${service}.${region}.${provider}.example/`, check: "http",
        role: "reference", provider, region, service, partition, country, city, every_seconds: 30,
      });
    }
  }
  for (const partition of ["domestic", "overseas"]) {
    list.push({
      name: `control/${partition}`, url: `https://control.${partition}.example/`, check: "http", role: "control",
      partition, every_seconds: 30,
    });
  }
  return list;
}

/** One good run: phases as far as the two ends are apart. */
function good_run(from, target) {
  const far = from.partition !== target.partition;
  const near = from.region === target.region && from.provider === target.provider;
  const trip = (near ? 0.002 : far ? 0.16 : 0.025) * (0.7 + 0.6 * chance(`${from.name}${target.name}`));
  const phases = {
    resolve_seconds: micro(0.001 + 0.012 * chance(`r${from.name}${target.name}`)),
    connect_seconds: micro(trip),
    tls_seconds: micro(trip * 1.15 + 0.003),
    processing_seconds: micro(trip + 0.004 + 0.02 * chance(`p${target.name}`)),
    transfer_seconds: micro(0.0004 + 0.003 * chance(`t${target.name}`)),
  };
  const duration_seconds = micro(Object.values(phases).reduce((sum, one) => sum + one, 0) + 0.0002);
  return {
    time_ms: now_ms - 1000, vantage: from.name, check: "http", family: "ip4", status: "ok", stage: "done", cause: "none",
    suspect: false, duration_seconds, ...phases, ip: "192.0.2.1", http_status_code: 200, tls_version: "TLSv1.3",
    ssl_earliest_cert_expiry: 1770000000,
  };
}

// What each kind of failure leaves of a good run: phases behind the failing stage are absent, never 0.
const spoil = {
  http_status: (run) => ({
    ...run, status: "fail", stage: "http", cause: "status", detail: "503 Service Unavailable", http_status_code: 503,
  }),
  tcp_timeout: ({ tls_seconds, processing_seconds, transfer_seconds, connect_seconds, http_status_code, tls_version,
    ssl_earliest_cert_expiry, ...run }) => ({
    ...run, status: "fail", stage: "tcp", cause: "timeout", detail: "no answer to SYN", duration_seconds: 5.0004,
  }),
  tls_expired: ({ processing_seconds, transfer_seconds, http_status_code, ...run }) => ({
    ...run, status: "fail", stage: "tls", cause: "expired", detail: "certificate expired 2 days ago",
    ssl_earliest_cert_expiry: 1763800000,
    duration_seconds: micro(run.resolve_seconds + run.connect_seconds + run.tls_seconds),
  }),
  dns_timeout: ({ resolve_seconds, connect_seconds, tls_seconds, processing_seconds, transfer_seconds, ip,
    http_status_code, tls_version, ssl_earliest_cert_expiry, ...run }) => ({
    ...run, status: "fail", stage: "dns", cause: "timeout", detail: "resolver 203.0.113.53 did not answer",
    duration_seconds: 3.0002,
  }),
  no_route: ({ resolve_seconds, connect_seconds, tls_seconds, processing_seconds, transfer_seconds, ip, http_status_code,
    tls_version, ssl_earliest_cert_expiry, duration_seconds, ...run }) => ({
    ...run, status: "unknown", stage: "tcp", cause: "no_route", detail: "network is unreachable",
  }),
  slow: (run) => ({
    ...run, status: "degraded", stage: "http", cause: "slow", processing_seconds: 2.31,
    duration_seconds: micro(run.duration_seconds - run.processing_seconds + 2.31),
  }),
};

const rank = ["fail", "degraded", "unknown", "none", "ok"];
const worst = (results) => rank.find((status) => results.some((run) => (run?.status ?? "none") === status)) ?? "none";

function cell_of(vantage_name, targets) {
  const runs = targets.map((target) => target.latest.find((run) => run.vantage === vantage_name));
  const cell = { vantage: vantage_name, status: worst(runs), ok: 0, degraded: 0, fail: 0, unknown: 0, none: 0 };
  for (const run of runs) cell[run?.status ?? "none"] += 1;
  const bad = runs.find((run) => run?.status === cell.status);
  if (bad && bad.status !== "ok") Object.assign(cell, { stage: bad.stage, cause: bad.cause });
  const took = runs.flatMap((run) => (run && ["ok", "degraded"].includes(run.status) ? [run.duration_seconds] : []));
  if (took.length > 0) cell.p50_seconds = took.sort((a, b) => a - b)[Math.floor((took.length - 1) / 2)];
  return cell;
}

function rows_of(world, targets) {
  const row = (kind, key, label, facts, members) => ({
    kind, key, label, ...facts, targets: members.map(({ name }) => name),
    cells: world.vantages.map(({ name }) => cell_of(name, members)),
  });
  const of_role = (role) => targets.filter((target) => target.role === role);
  return [
    ...of_role("app").map((target) =>
      row("app", `app:${target.app}`, target.app,
        { provider: target.provider, region: target.region, partition: target.partition }, [target])),
    ...world.regions.map(([provider, region, partition]) =>
      row("region", `region:${provider}/${region}`, region, { provider, region, partition },
        of_role("reference").filter((target) => target.provider === provider && target.region === region))),
    ...of_role("control").map((target) =>
      row("control", `control:${target.partition}`, `${target.partition} controls`, { partition: target.partition }, [target])),
  ];
}

/** A whole fixture. `fault(vantage, target)` names a key of `spoil`, "none" for no result, or nothing. */
function play({ fault = () => undefined, headline, incidents = [], closed = closed_incidents, ...parts }) {
  const world = { vantages, regions, apps, ...parts };
  // As the hub does it: by name. Grouping them is up to the page.
  world.vantages = [...world.vantages].sort((a, b) => (a.name < b.name ? -1 : 1));
  const targets = targets_of(world);
  const failures = {};
  for (const target of targets) {
    target.latest = [];
    for (const from of world.vantages) {
      const kind = fault(from, target);
      if (kind === "none") continue;
      const run = kind ? { ...spoil[kind](good_run(from, target)), ...parts.extra?.(from, target) } : good_run(from, target);
      target.latest.push(run);
      for (let back = 0; kind && run.status !== "ok" && back < 6; back += 1) {
        (failures[target.name] ??= []).push({ ...run, time_ms: run.time_ms - back * target.every_seconds * 1000 });
      }
    }
    target.status = worst(target.latest);
    failures[target.name]?.sort((a, b) => b.time_ms - a.time_ms);
  }
  const rows = rows_of(world, targets);
  const counts = {
    vantages: world.vantages.length, targets: targets.length, cells: targets.length * world.vantages.length,
    ok: 0, degraded: 0, fail: 0, unknown: 0, none: 0,
  };
  for (const row of rows) for (const cell of row.cells) for (const status of rank) counts[status] += cell[status];
  const strip = ({ events, ...incident }) => incident;
  // The large world is about the matrix; a thousand runs in full would only make the file large.
  if (parts.brief) for (const target of targets) delete target.latest;
  return {
    overview: {
      time_ms: now_ms, version: "0.1.0", round_ms, headline, counts, vantages: world.vantages, rows,
      incidents: incidents.map(strip),
    },
    targets,
    failures: parts.brief ? {} : failures,
    incidents: [...incidents, ...closed],
  };
}

const all_well = (n, m) => ({
  level: "ok", text_en: `All ${n} targets answer from ${m} vantages.`, text_zh: `${m} 个观测点看到 ${n} 个目标全部正常。`,
});
const headline_of = (incident, level = "incident") => ({
  level, text_en: incident.summary_en, text_zh: incident.summary_zh,
});

const hostile = [
  `<script>alert("script")</script>`, `<img src=x onerror="alert('img')">`, `"><svg onload=alert('svg')>`,
  `javascript:alert('href')`, `\u202E\u2066reversed {percent} \u0000`,
];
function hostile_world() {
  const incident = app_incident(now_ms);
  incident.summary_en = incident.summary_zh = `App ${hostile[0]} fails: ${hostile[1]}`;
  incident.component.key = `app:${hostile[2]}`;
  incident.apps = [hostile[0], hostile[1]];
  incident.acquitted = [hostile[3]];
  incident.next_en = incident.next_zh = hostile;
  incident.evidence[0].text_en = incident.evidence[0].text_zh = hostile[1];
  return {
    apps: [[hostile[1], "cirrus", "cn-east", "domestic"], ["checkout", hostile[2], hostile[0], "domestic"]],
    vantages: [...vantages.slice(0, 2), { ...vantages[3], name: hostile[2], city: hostile[0] }],
    headline: { level: "incident", text_en: `${hostile[0]} ${hostile[3]}`, text_zh: `${hostile[0]} ${hostile[3]}` },
    fault: (_from, target) => (target.role === "app" ? "http_status" : undefined),
    extra: () => ({ detail: hostile.join(" "), ip: hostile[1], cause: hostile[2] }),
    incidents: [incident],
  };
}

function large_world() {
  const names = ["east", "west", "north", "south", "central"];
  const many = ["cirrus", "stratus", "nimbus", "cumulus"].flatMap((provider, p) =>
    Array.from({ length: 10 }, (_, i) => {
      const domestic = p < 2 && i < 5;
      return [provider, `${domestic ? "cn" : ["us", "eu", "ap"][i % 3]}-${names[i % 5]}-${1 + Math.floor(i / 5)}`,
        domestic ? "domestic" : "overseas", domestic ? "CN" : "US", "Somewhere"];
    }));
  many.sort((a, b) => a[2].localeCompare(b[2]) || a[0].localeCompare(b[0]) || a[1].localeCompare(b[1]));
  const more = ["chengdu-ct", "hangzhou-cm", "london-bt", "tokyo-iij", "saopaulo-vivo", "mumbai-jio"].map((name, i) => ({
    ...vantages[i < 2 ? 0 : 4], name, state: ["ok", "suspect", "ok", "silent", "ok", "ok"][i],
    last_seen_ms: now_ms - (i === 3 ? 95_000 : 2000),
  }));
  return {
    brief: true, regions: many, vantages: [...vantages, ...more], headline: {
      level: "attention",
      text_en: "A few targets fail or are slow from single vantages; nobody is convicted.",
      text_zh: "少数目标从个别观测点看失败或偏慢，尚无定责。",
    },
    fault: (from, target) => {
      if (from.state === "silent") return "none";
      const draw = chance(`f${from.name}${target.name}`);
      return draw < 0.006 ? "tcp_timeout" : draw < 0.012 ? "tls_expired" : draw < 0.03 ? "slow" : draw < 0.034 ? "no_route" : undefined;
    },
  };
}

export function all_fixtures() {
  const app = app_incident(now_ms);
  const cloud = cloud_incident(now_ms);
  const doubt = insufficient_incident(now_ms);
  const leaning = leaning_incident(now_ms);
  const in_region = (target) => target.provider === "cirrus" && target.region === "cn-east";
  return {
    quiet: play({ headline: all_well(21, 6) }),
    app_incident: play({
      headline: headline_of(app), incidents: [app],
      fault: (from, target) =>
        target.name === "checkout" ? "http_status"
          : target.name === "media" && from.name === "singapore-st" ? "slow" : undefined,
    }),
    cloud_region: play({
      headline: headline_of(cloud), incidents: [cloud],
      fault: (_from, target) => (in_region(target) ? "tcp_timeout" : undefined),
    }),
    insufficient: play({
      headline: headline_of(doubt, "attention"), incidents: [doubt],
      fault: (from, target) => (target.name === "orders" && from.partition === "overseas" ? "tcp_timeout" : undefined),
    }),
    leaning: play({
      headline: headline_of(leaning, "attention"), incidents: [leaning],
      fault: (from, target) =>
        from.isp === "cu" && target.partition === "overseas" ? "tcp_timeout"
          : target.name === "search" && from.name === "beijing-cu" ? "tls_expired" : undefined,
    }),
    cut_off: play({
      vantages: vantages.slice(0, 1), closed: [],
      headline: {
        level: "attention", text_en: "Nothing answers from shanghai-ct.", text_zh: "从 shanghai-ct 看，没有任何目标应答。",
      },
      fault: (_from, target) => (target.role === "control" ? "no_route" : "dns_timeout"),
    }),
    empty: play({
      closed: [], fault: () => "none",
      headline: { level: "waiting", text_en: "No results yet.", text_zh: "还没有结果。" },
    }),
    hostile: play(hostile_world()),
    large: play(large_world()),
  };
}

export const fixture_text = (fixture) => `${JSON.stringify(fixture, null, 1).replace(/\n {4,}/g, " ").replace(/\n {3}([\]}])/g, " $1")}\n`;
export const fixture_folder = join(dirname(fileURLToPath(import.meta.url)), "fixtures");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(fixture_folder, { recursive: true });
  for (const [name, fixture] of Object.entries(all_fixtures())) {
    writeFileSync(join(fixture_folder, `${name}.json`), fixture_text(fixture));
  }
}
