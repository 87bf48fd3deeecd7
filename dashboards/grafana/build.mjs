// A small builder for Grafana dashboards: panel types, placing on the grid, the dashboard around them.
// Own code and no SDK: Grafana's has no InfluxDB query type, and what we need of it is the few shapes below.

/** Grafana's grid is 24 columns wide. */
const COLUMNS = 24;

/** @typedef {{title: string, description: string, width: number, height: number, queries: object[]}} PanelText */

/** Thresholds by which a success ratio is coloured. Text always stands beside the colour. */
export const SUCCESS_STEPS = [
  { color: 'red', value: null },
  { color: 'orange', value: 0.9 },
  { color: 'green', value: 0.99 },
];

/** Good as long as it is below `limit`. */
export const belowSteps = (limit) => [
  { color: 'green', value: null },
  { color: 'orange', value: limit },
];

function fieldConfig({ unit, steps, min, max, mappings = [], overrides = [], custom = {}, decimals, noValue }) {
  const defaults = { custom, mappings, color: { mode: steps ? 'thresholds' : 'palette-classic' } };
  if (unit) defaults.unit = unit;
  if (steps) defaults.thresholds = { mode: 'absolute', steps };
  if (min !== undefined) defaults.min = min;
  if (max !== undefined) defaults.max = max;
  if (decimals !== undefined) defaults.decimals = decimals;
  if (noValue !== undefined) defaults.noValue = noValue;
  return { defaults, overrides };
}

/** A table column by its (renamed) name: unit, colours, text mappings. */
export function column(name, { unit, steps, mappings, background = false, decimals, width }) {
  const properties = [];
  if (unit) properties.push({ id: 'unit', value: unit });
  if (decimals !== undefined) properties.push({ id: 'decimals', value: decimals });
  if (width) properties.push({ id: 'custom.width', value: width });
  if (mappings) properties.push({ id: 'mappings', value: mappings });
  if (steps) {
    properties.push({ id: 'thresholds', value: { mode: 'absolute', steps } });
    properties.push({ id: 'color', value: { mode: 'thresholds' } });
  }
  if (background) properties.push({ id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } });
  return { matcher: { id: 'byName', options: name }, properties };
}

export function row(title) {
  return { type: 'row', title, collapsed: false, panels: [], width: COLUMNS, height: 1 };
}

export function stat(spec) {
  return {
    ...common(spec, 'stat'),
    fieldConfig: fieldConfig(spec),
    options: {
      colorMode: 'background', graphMode: 'none', justifyMode: 'auto', orientation: 'auto', textMode: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
  };
}

export function table(spec) {
  return {
    ...common(spec, 'table'),
    fieldConfig: fieldConfig({ ...spec, custom: { align: 'auto', filterable: true } }),
    options: { showHeader: true, cellHeight: 'sm', footer: { show: false }, sortBy: spec.sortBy ?? [] },
    transformations: spec.transformations ?? [],
  };
}

export function timeSeries(spec) {
  const { stack = false, bars = false } = spec;
  const custom = {
    drawStyle: bars ? 'bars' : 'line', lineWidth: 1, fillOpacity: stack ? 60 : 8, pointSize: 4,
    showPoints: 'auto', spanNulls: false, // what was not measured stays a gap
    stacking: { mode: stack ? 'normal' : 'none', group: 'A' },
  };
  return {
    ...common(spec, 'timeseries'),
    fieldConfig: fieldConfig({ ...spec, custom }),
    options: {
      legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}

/** Cells in time: `status-history` shows each interval, `state-timeline` joins equal ones. */
export function timeCells(spec, type) {
  return {
    ...common(spec, type),
    fieldConfig: fieldConfig({ ...spec, custom: { fillOpacity: 80, lineWidth: 0 } }),
    options: {
      showValue: 'never', rowHeight: 0.9, legend: { displayMode: 'list', placement: 'bottom', showLegend: false },
      tooltip: { mode: 'single', sort: 'none' },
    },
  };
}

function common(spec, type) {
  const panel = {
    type, title: spec.title, description: spec.description, width: spec.width, height: spec.height,
    datasource: '$ds', // replaced by the board's own reference in dashboard()
    targets: spec.queries.map((query, index) => ({ refId: String.fromCharCode(65 + index), ...query })),
  };
  if (spec.timeFrom) panel.timeFrom = spec.timeFrom;
  if (spec.repeat) Object.assign(panel, { repeat: spec.repeat, repeatDirection: 'h', maxPerRow: 2 });
  // No query is asked for steps finer than this: probes run at most this far apart, finer steps would be holes.
  panel.interval = '1m';
  return panel;
}

/** Gives ids and places, left to right; a panel that does not fit starts a new line below the tallest. */
function place(panels) {
  let x = 0, y = 0, lineHeight = 0;
  return panels.map(({ width, height, ...panel }, index) => {
    if (x + width > COLUMNS) [x, y, lineHeight] = [0, y + lineHeight, 0];
    const placed = { id: index + 1, ...panel, gridPos: { x, y, w: width, h: height } };
    x += width;
    lineHeight = Math.max(lineHeight, height);
    return placed;
  });
}

/**
 * The dashboard as Grafana reads it. `editable: false` and no `id`: the source is the generator, and the uid
 * keeps links alive across re-imports. The datasource is always the template variable `ds`.
 */
export function dashboard({ uid, title, description, dsType, variables, annotations, links, panels, tags }) {
  const datasource = { type: dsType, uid: '${ds}' };
  const withSource = (panel) => panel.type === 'row' ? panel
    : { ...panel, datasource, targets: panel.targets.map((target) => ({ ...target, datasource })) };
  return {
    uid, title, description, tags, editable: false, graphTooltip: 1, schemaVersion: 39, version: 1,
    style: 'dark', timezone: 'browser', refresh: '30s', time: { from: 'now-6h', to: 'now' },
    timepicker: { refresh_intervals: ['10s', '30s', '1m', '5m'] },
    links,
    annotations: { list: annotations.map((annotation) => ({ ...annotation, datasource })) },
    templating: { list: variables.map((v) => (v.type === 'query' ? { ...v, datasource } : v)) },
    panels: place(panels.map(withSource)),
  };
}
