// A hub made of fixtures: serves the built page under the same policy as the real one, and plays one fixture at a time
// with server-sent events. For tests (start_mock) and for work on the page: node mock_hub.mjs --fixture app_incident
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const default_dist = resolve(here, "../../../dashboards/web/dist");
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

export const policy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
  "font-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join("; ");

export const load_fixture = async (name) => JSON.parse(await readFile(join(here, "fixtures", `${name}.json`), "utf8"));

/** Latency that wobbles by the hour and fails, with gaps, where the fixture says that the target fails now. */
function series_of(fixture, query) {
  const target = fixture.targets.find(({ name }) => name === query.get("target"));
  if (!target) return undefined;
  const to_ms = Number(query.get("to_ms") ?? fixture.overview.time_ms);
  const from_ms = Number(query.get("from_ms") ?? to_ms - 3_600_000);
  const step_ms = Math.max(10_000, Math.ceil((to_ms - from_ms) / 360 / 10_000) * 10_000);
  const series = (target.latest ?? []).map((run, line) => {
    const base = run.status === "ok" ? run.duration_seconds : 0.05 + 0.03 * line;
    const points = [];
    for (let at = Math.floor(from_ms / step_ms) * step_ms; at < to_ms && at <= fixture.overview.time_ms; at += step_ms) {
      const place = (at - from_ms) / (to_ms - from_ms);
      const wobble = 1 + 0.1 * Math.sin(place * 21 + line) + 0.08 * Math.sin(place * 173 + 7 * line);
      const failing = run.status === "fail" && at > fixture.overview.time_ms - 380_000;
      const silent = line === 1 && place > 0.3 && place < 0.36;
      const runs = silent ? 0 : Math.max(1, Math.round(step_ms / 10_000));
      points.push(failing || silent
        ? [at, null, null, runs, failing ? runs : 0]
        : [at, base * wobble, base * wobble * 1.4, runs, line === 3 && Math.abs(place - 0.62) < 0.004 ? 1 : 0]);
    }
    return { vantage: run.vantage, points };
  });
  return { target: target.name, from_ms, to_ms, step_ms, series };
}

function answer(fixture, path, query) {
  const [thing, ...rest] = path.split("/");
  const name = decodeURIComponent(rest.join("/"));
  if (thing === "overview") return fixture.overview;
  if (thing === "vantages") return { vantages: fixture.overview.vantages };
  if (thing === "series") return series_of(fixture, query);
  if (thing === "targets" && !name) return { targets: fixture.targets };
  if (thing === "targets") {
    const target = fixture.targets.find((one) => one.name === name);
    return target && { target, failures: fixture.failures[name] ?? [] };
  }
  if (thing === "incidents" && name) return fixture.incidents.find(({ id }) => id === name);
  if (thing === "incidents") {
    const state = query.get("state") ?? "all";
    const wanted = fixture.incidents.filter((incident) => state === "all" || incident.state === state);
    return { incidents: wanted.slice(0, Number(query.get("limit") ?? 100)).map(({ events, ...incident }) => incident) };
  }
  return undefined;
}

/**
 * Starts a hub on a free port of the loopback address.
 * `show(fixture)` changes what it tells and tells it at once; `events = false` refuses the event stream;
 * `stop()` cuts every connection and stops to listen; `start()` comes back on the same port.
 */
export async function start_mock({ fixture, dist = default_dist, port = 0 }) {
  const hub = { fixture, events: true, asked: [], port };
  const streams = new Set();
  let id = 0;

  const send = (stream, event, data) => {
    id += 1;
    stream.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };

  async function handle(request, response) {
    const url = new URL(request.url, "http://hub");
    response.setHeader("Content-Security-Policy", policy);
    response.setHeader("X-Content-Type-Options", "nosniff");
    if (url.pathname === "/api/v1/events" && hub.events) {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      streams.add(response);
      response.on("close", () => streams.delete(response));
      send(response, "overview", hub.fixture.overview);
      return;
    }
    if (url.pathname.startsWith("/api/v1/")) {
      hub.asked.push(url.pathname + url.search);
      const body = answer(hub.fixture, url.pathname.slice("/api/v1/".length), url.searchParams);
      response.writeHead(body ? 200 : 404, { "Content-Type": "application/json; charset=utf-8" });
      response.end(JSON.stringify(body ?? { error: { message: "no such thing" } }));
      return;
    }
    const name = url.pathname === "/" ? "index.html" : url.pathname.slice(1);
    const body = /^[\w.]+$/.test(name) ? await readFile(join(dist, name)).catch(() => undefined) : undefined;
    response.writeHead(body ? 200 : 404, { "Content-Type": types[extname(name)] ?? "text/plain" });
    response.end(body);
  }

  let server;
  hub.start = async () => {
    server = createServer((request, response) => void handle(request, response));
    await new Promise((done) => server.listen(hub.port, "127.0.0.1", done));
    hub.port = server.address().port;
  };
  hub.stop = async () => {
    const closed = new Promise((done) => server.close(done));
    server.closeAllConnections();
    await closed;
  };
  hub.show = (next) => {
    hub.fixture = next;
    for (const stream of streams) send(stream, "overview", next.overview);
  };
  hub.tell = (event, data) => {
    for (const stream of streams) send(stream, event, data);
  };
  await hub.start();
  hub.url = `http://127.0.0.1:${hub.port}/`;
  return hub;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { fixture: { type: "string", default: "app_incident" }, port: { type: "string", default: "8687" } },
  });
  const hub = await start_mock({ fixture: await load_fixture(values.fixture), port: Number(values.port) });
  console.log(`${values.fixture} at ${hub.url}`);
  // A round every ten seconds, so that the page sees the hub's clock move.
  setInterval(() => {
    const { overview } = hub.fixture;
    hub.show({ ...hub.fixture, overview: { ...overview, time_ms: overview.time_ms + 10_000 } });
  }, 10_000);
}
