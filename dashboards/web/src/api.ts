// The shapes of docs/api.md that this page reads, and how it asks for them.
// A field that the hub does not know is left out, so nearly all are optional; unknown words must not break the page.

export type Status = "ok" | "degraded" | "fail" | "unknown" | "none";
export type Level = "ok" | "attention" | "incident" | "waiting";

export interface Vantage {
  name: string;
  provider?: string;
  region?: string;
  partition?: string;
  isp?: string;
  city?: string;
  country?: string;
  version?: string;
  last_seen_ms?: number;
  clock_ahead_seconds?: number;
  clock_wrong?: boolean;
  state: "ok" | "suspect" | "silent";
}

export interface Cell {
  vantage: string;
  status: Status;
  ok: number;
  degraded: number;
  fail: number;
  unknown: number;
  none: number;
  p50_seconds?: number;
  stage?: string;
  cause?: string;
}

export interface Row {
  kind: "app" | "region" | "control";
  key: string;
  label: string;
  provider?: string;
  region?: string;
  partition?: string;
  targets: string[];
  cells: Cell[];
}

export interface Evidence {
  for?: string;
  text_en?: string;
  text_zh?: string;
  cells?: { vantage: string; target: string; stage?: string; cause?: string }[];
}

export interface Incident {
  id: string;
  state: "open" | "closed";
  grade: "convicted" | "leaning" | "insufficient";
  class?: string;
  component?: { kind: string; key: string };
  side?: string;
  stage?: string;
  mode?: string;
  cause?: string;
  confidence?: number;
  severity?: number;
  since_ms?: number;
  opened_ms?: number;
  updated_ms?: number;
  closed_ms?: number;
  summary_en?: string;
  summary_zh?: string;
  next_en?: string[];
  next_zh?: string[];
  apps?: string[];
  acquitted?: string[];
  evidence?: Evidence[];
  candidates?: { key: string; confidence: number }[];
  would_settle?: { text_en?: string; text_zh?: string }[];
  events?: {
    time_ms: number;
    event: string;
    grade?: string;
    confidence?: number;
    summary_en?: string;
    summary_zh?: string;
  }[];
}

export interface Overview {
  time_ms: number;
  version?: string;
  round_ms?: number;
  headline: { level: Level; text_en?: string; text_zh?: string };
  counts: { vantages: number; targets: number; cells: number } & Record<Status, number>;
  vantages: Vantage[];
  rows: Row[];
  incidents: Incident[];
}

/** One probe record; fields beside these exist and are shown as they are. */
export interface Result {
  time_ms: number;
  vantage: string;
  check?: string;
  family?: string;
  status: Status;
  stage?: string;
  cause?: string;
  detail?: string;
  suspect?: boolean;
  duration_seconds?: number;
  resolve_seconds?: number;
  connect_seconds?: number;
  tls_seconds?: number;
  processing_seconds?: number;
  transfer_seconds?: number;
  ip?: string;
  http_status_code?: number;
  http_version?: string | number;
  tls_version?: string;
  ssl_earliest_cert_expiry?: number;
}

export interface Target {
  name: string;
  url?: string;
  check?: string;
  role?: string;
  app?: string;
  provider?: string;
  region?: string;
  service?: string;
  partition?: string;
  country?: string;
  city?: string;
  every_seconds?: number;
  status?: Status;
  /** It never worked from anywhere since the hub knows it: no verdict rests on it. */
  never_healthy?: boolean;
  latest?: Result[];
}

export type Point = [start_ms: number, median: number | null, max: number | null, runs: number, failures: number];

export interface Series {
  from_ms: number;
  to_ms: number;
  step_ms: number;
  series: { vantage: string; points: Point[] }[];
}

export interface TargetPage {
  target: Target;
  failures: Result[];
}

/** An answer of the hub that is not the thing asked for; `status` is 0 when nothing answered. */
export class HubError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

// Relative, so that the page also works behind a proxy that serves the hub under a prefix.
export const api_url = (path: string): string => `api/v1/${path}`;

/** Asks the hub; rejects with HubError, also when it takes longer than `timeout_ms`. */
export async function ask<T>(path: string, timeout_ms = 8000): Promise<T> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout_ms);
  try {
    const answer = await fetch(api_url(path), { signal: abort.signal, cache: "no-store" });
    if (!answer.ok) throw new HubError(answer.status, `HTTP ${answer.status}`);
    return (await answer.json()) as T;
  } catch (error) {
    throw error instanceof HubError ? error : new HubError(0, String(error));
  } finally {
    clearTimeout(timer);
  }
}
