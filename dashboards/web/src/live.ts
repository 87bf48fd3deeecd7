// Keeps the picture current: server-sent events first, polling when they fail, and an honest word when neither works.
import { HubError, api_url, ask, type Incident, type Overview } from "./api";
import { ask_after_ms, closed_incidents, contact_ms, mode, starting, take_incident, take_overview, tick_ms } from "./store";

const poll_every_ms = 5000;
const poll_patience_ms = 5000;
const retry_first_ms = 1000;
const retry_last_ms = 15_000;

let stream: EventSource | null = null;
let heard_stream_ms = 0;
let retry_ms = retry_first_ms;
let retry_at_ms = 0;
let polled_ms = 0;
let polling = false;
let asked_closed_ms = 0;

function open_stream(): void {
  const source = new EventSource(api_url("events"));
  stream = source;
  const heard = (): void => {
    heard_stream_ms = Date.now();
    retry_ms = retry_first_ms;
    starting.value = false;
    mode.value = "live";
  };
  source.addEventListener("overview", (event: MessageEvent<string>) => {
    take_overview(JSON.parse(event.data) as Overview, true);
    heard();
  });
  source.addEventListener("incident", (event: MessageEvent<string>) => {
    const incident = JSON.parse(event.data) as Incident;
    take_incident(incident);
    heard();
  });
  source.addEventListener("error", () => {
    if (stream !== source) return;
    // The browser's own retry gives up for good on an HTTP error, so we close and come back ourselves.
    source.close();
    stream = null;
    retry_at_ms = Date.now() + retry_ms;
    retry_ms = Math.min(retry_ms * 2, retry_last_ms);
    if (mode.value === "live") mode.value = "reconnecting";
    if (mode.value === "reconnecting" || mode.value === "connecting") void poll();
  });
}

async function poll(): Promise<void> {
  if (polling) return;
  polling = true;
  polled_ms = Date.now();
  try {
    const picture = await ask<Overview>("overview", poll_patience_ms);
    // While the answer was under way the stream may have come back with something newer.
    if (heard_stream_ms < polled_ms) {
      take_overview(picture, false);
      mode.value = "polling";
    }
    starting.value = false;
  } catch (error) {
    starting.value = error instanceof HubError && error.status === 503;
    if (heard_stream_ms < polled_ms) mode.value = "stale";
  } finally {
    polling = false;
  }
}

function watch(): void {
  const now = Date.now();
  tick_ms.value = now;
  if (stream === null && now >= retry_at_ms) open_stream();
  // A stream that is open and silent may be a dead connection or a proxy that holds events back: ask.
  const silent = now - Math.max(contact_ms.value, polled_ms) > ask_after_ms.value;
  const without_stream = mode.value !== "live" && now - polled_ms >= poll_every_ms;
  if (silent || without_stream) void poll();
  const list_wait_ms = closed_incidents.value === null ? poll_every_ms : 60_000;
  if (mode.value !== "stale" && now - asked_closed_ms >= list_wait_ms) void load_closed();
}

async function load_closed(): Promise<void> {
  asked_closed_ms = Date.now();
  try {
    const answer = await ask<{ incidents: Incident[] }>("incidents?state=closed&limit=10");
    closed_incidents.value = answer.incidents;
  } catch {
    // The list is an extra; watch() asks again.
  }
}

export function start_live(): void {
  polled_ms = Date.now();
  open_stream();
  void load_closed();
  setInterval(watch, 1000);
  // After a laptop wakes, the first thing shown must not be the picture from before it slept.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") watch();
  });
}
