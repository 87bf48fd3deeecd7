// The small drawings: one shape per status, so that colour is never the only sign, and one per kind of culprit.
import type { JSX } from "preact";
import type { Status } from "../api";
import type { Blame, Standing } from "../blame";

const status_shapes: Record<Status, JSX.Element> = {
  ok: <circle cx="8" cy="8" r="4" fill="currentColor" />,
  degraded: (
    <>
      <path d="M8 1.8 15 14H1z" fill="currentColor" />
      <path d="M8 6v3.6M8 11.2v1" class="ink" />
    </>
  ),
  fail: (
    <>
      <rect x="1.5" y="1.5" width="13" height="13" rx="2.5" fill="currentColor" />
      <path d="m5.2 5.2 5.6 5.6m0-5.6-5.6 5.6" class="ink" />
    </>
  ),
  unknown: (
    <>
      <path d="M8 .8 15.2 8 8 15.2.8 8z" fill="currentColor" />
      <path d="M6.3 6.4C6.5 4.3 9.8 4.4 9.6 6.5 9.5 7.7 8 7.7 8 9M8 10.7v.9" class="ink" />
    </>
  ),
  none: <circle cx="8" cy="8" r="4" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.2 2" />,
};

export function StatusMark({ status }: { status: Status }): JSX.Element {
  return (
    <svg class={`mark mark-${status}`} viewBox="0 0 16 16" aria-hidden="true">
      {status_shapes[status] ?? status_shapes.unknown}
    </svg>
  );
}

const blame_shapes: Record<Blame | "none", JSX.Element> = {
  app: <path d="M2.5 3.5h15v13h-15zM2.5 7.5h15M5.2 5.5h.1M7.6 5.5h.1" />,
  cloud: <path d="M5.8 15.5a3.8 3.8 0 0 1-.4-7.6 5 5 0 0 1 9.5 1.2 3.3 3.3 0 0 1-.4 6.4z" />,
  dns: <path d="M10 2.5v15M4 4.5h9.5L16 6.7l-2.5 2.2H4zM16 10.5H7.5L5 12.5l2.5 2H16z" />,
  path: <path d="M4.5 17.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM15.5 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM13.5 4.5H7.8a2.8 2.8 0 0 0 0 5.6h4.4a2.7 2.7 0 0 1 0 5.4H6.5" />,
  probe: <path d="M10 2a5.2 5.2 0 0 1 0 10.4A5.2 5.2 0 0 1 10 2zM8.3 12.2 9 15h2l.7-2.8M8.5 15h3v3h-3z" />,
  none: <path d="M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM7.8 8c0-3 4.6-2.9 4.4 0C12 9.7 10 9.8 10 11.6M10 13.9v.1" />,
};

export function BlameMark({ blame }: { blame: Blame | "none" }): JSX.Element {
  return (
    <svg class="blame-mark" viewBox="0 0 20 20" aria-hidden="true">
      {blame_shapes[blame]}
    </svg>
  );
}

const standing_shapes: Record<Standing, JSX.Element> = {
  guilty: <path d="m4 4 8 8m0-8-8 8" />,
  suspected: <path d="M8 2.5v7M8 12.8v.2" />,
  possible: <path d="M5.5 5.5C5.5 2 10.5 2 10.5 5.3 10.5 7.5 8 7.5 8 9.8M8 12.9v.1" />,
  cleared: <path d="m3 8.5 3.5 3.5L13 4.5" />,
  quiet: <path d="m3 8.5 3.5 3.5L13 4.5" />,
  undecided: <path d="M4 8h8" />,
  unknown: <path d="M4 8h8" />,
};

export function StandingMark({ standing }: { standing: Standing }): JSX.Element {
  return (
    <svg class="standing-mark" viewBox="0 0 16 16" aria-hidden="true">
      {standing_shapes[standing]}
    </svg>
  );
}
