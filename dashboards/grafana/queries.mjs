// All queries, each idea in both languages side by side: InfluxQL (InfluxDB 1, 2 and 3) and PromQL
// (VictoriaMetrics and Prometheus; nothing that only MetricsQL knows).
//
// Two rules hold for both:
// - A run that is the prober's own fault (status_code 3) or that the prober does not trust (suspect) says
//   nothing about a target: it is left out of every ratio and counted apart.
// - A ratio counts runs, not moments.
//
// PromQL has no rows, only series that linger: a target that fails before it has an address loses its `family`
// tag, so its failures are another series, and the old one would still look healthy for five minutes. So a
// subquery walks in steps of one probe round and takes a sample only in the step in which it is new: each run
// counts exactly once. For this `round` must not be longer than the shortest interval between two runs.
// (In graphs Prometheus before 3 counts the step on the border of two intervals in both; ratios hardly feel it.)

const TAGS = ['partition', 'provider', 'region', 'vantage'];
const quoted = (names) => names.map((name) => `"${name}"`).join(', ');

// ------------------------------------------------------------------------------------------------ InfluxQL

const INFLUX_FILTER = TAGS.map((tag) => `"${tag}" =~ /^$${tag}$/`).join(' AND ');
const INFLUX_TRUSTED = '"suspect" = 0 AND "status_code" < 3';
const ONE_TARGET = `"target" = '\${target:raw}' AND "vantage" =~ /^$vantage$/`;

const influx = (select, where, group) =>
  `SELECT ${select} FROM "probe" WHERE $timeFilter AND ${where}${group ? ` GROUP BY ${group}` : ''}`;
const byTime = (tags) => `time($__interval)${tags.length ? ', ' + quoted(tags) : ''} fill(null)`;
const rawInflux = (query, format, alias) =>
  ({ query, rawQuery: true, resultFormat: format, ...(alias ? { alias } : {}) });
const influxTable = (query) => [rawInflux(query, 'table')];
const influxSeries = (query, alias) => [rawInflux(query, 'time_series', alias)];

/** A state change moves a verdict to another series (state and grade are tags), so the newest point decides. */
const influxVerdicts = (fields) =>
  `SELECT ${fields} FROM (SELECT last("state_code") AS "open", "grade", "confidence", "severity", "summary_en", ` +
  `"summary_zh" FROM "verdict" WHERE $timeFilter GROUP BY "class", "component_kind", "component") WHERE "open" = 1`;

// -------------------------------------------------------------------------------------------------- PromQL

const PROM_FILTER = TAGS.map((tag) => `${tag}=~"$${tag}"`).join(',');
const selector = (role) => `{${role ? `role="${role}",` : ''}${PROM_FILTER}}`;
/** Samples that are new in this step, of runs that can be trusted. */
function promTrusted(field, role, condition = '') {
  const s = selector(role);
  return `(probe_${field}${s} and timestamp(probe_success${s}) > time() - $round ` +
    `and probe_suspect${s} == 0 and probe_status_code${s} ${condition || '< 3'})`;
}
const over = (fn, expression, window) => `${fn}(${expression}[${window}:\${round}s])`;
const sumBy = (labels, expression) => `sum${labels.length ? ` by (${labels.join(', ')}) ` : ''}(${expression})`;
function promRatio(labels, window, role) {
  const runs = promTrusted('success', role);
  return `${sumBy(labels, over('sum_over_time', runs, window))} / ${sumBy(labels, over('count_over_time', runs, window))}`;
}
const promNow = (...expressions) =>
  expressions.map((expr) => ({ expr, instant: true, range: false, format: 'table', editorMode: 'code' }));
const promSeries = (...pairs) =>
  pairs.map(([expr, legendFormat]) => ({ expr, legendFormat, range: true, instant: false, editorMode: 'code' }));

const VERDICT = 'class, component_kind, component';
const newest = (labels, matchers) =>
  `max by (${labels}) (max_over_time(timestamp(verdict_state_code${matchers})[$__range:1m]))`;
/** Verdicts whose newest record says open, one series each; the value is when that was. */
const PROM_OPEN = `${newest(`${VERDICT}, grade`, '{state="open"}')} ` +
  `== on (${VERDICT}) group_left () ${newest(VERDICT, '')}`;

// ------------------------------------------------------------------------------------------------ both

const FAILING = ['target', 'vantage', 'check'];
/** "Now" in PromQL. Not 5m: Prometheus before 3 counts both ends of a window, and the oldest run would be one too many. */
const NOW = '4m59s';
/** The phases of a run in the order in which they happen. */
const PHASES = ['resolve', 'connect', 'tls', 'processing', 'transfer'];
/** What became of records in the log, by field of `sonde`. */
const LOG_FIELDS = { records_pending: 'pending', records_evicted: 'evicted', records_dead_lettered: 'dead-lettered' };

/** Column names of a PromQL instant table with several queries are `Value #A`; InfluxQL names its own. */
export const queries = {
  successNow: {
    influxql: influxTable(influx('mean("success") AS "success"', `${INFLUX_TRUSTED} AND ${INFLUX_FILTER}`)),
    promql: promNow(promRatio([], NOW)),
  },
  failingNow: {
    influxql: influxTable('SELECT count("failed") AS "failing" FROM (' +
      influx('count("success") AS "failed"', `"suspect" = 0 AND "status_code" = 2 AND ${INFLUX_FILTER}`,
        quoted(FAILING)) + ') WHERE "failed" > 0'),
    promql: promNow(`count(${sumBy(FAILING, over('count_over_time', promTrusted('success', '', '== 2'), NOW))})`),
  },
  vantagesNow: {
    influxql: influxTable('SELECT count("runs") AS "vantages" FROM (' +
      influx('count("success") AS "runs"', INFLUX_FILTER, '"vantage"') + ')'),
    promql: promNow(`count(count by (vantage) (last_over_time(probe_success${selector()}[${NOW}])))`),
  },
  openVerdicts: {
    influxql: influxTable(`SELECT count("open") AS "verdicts" FROM (${influxVerdicts('"open"')} ` +
      `GROUP BY "class", "component_kind", "component")`),
    promql: promNow(`count(${PROM_OPEN})`),
  },
  verdictTable: {
    influxql: influxTable(influxVerdicts('"grade", "confidence", "severity", "summary_en", "summary_zh"') +
      ' GROUP BY "class", "component_kind", "component"'),
    promql: promNow(...['confidence', 'severity'].map((field) =>
      `max by (${VERDICT}, grade) (last_over_time(verdict_${field}{state="open"}[$__range])) and (${PROM_OPEN})`)),
  },
  failingTable: {
    influxql: influxTable(influx('count("success") AS "failed", last("stage") AS "stage", last("cause") AS "cause", ' +
      'last("detail") AS "detail"', `"suspect" = 0 AND "status_code" = 2 AND ${INFLUX_FILTER}`, quoted(FAILING))),
    promql: promNow(
      sumBy(FAILING, over('count_over_time', promTrusted('success', '', '== 2'), NOW)),
      `max by (${FAILING.join(', ')}) (${over('last_over_time', promTrusted('cause_code', '', '== 2'), NOW)})`),
  },
  regionTable: {
    influxql: influxTable(influx('mean("success") AS "success", count("success") AS "runs"',
      `"role" = 'reference' AND ${INFLUX_TRUSTED} AND ${INFLUX_FILTER}`, quoted(['provider', 'region']))),
    promql: promNow(promRatio(['provider', 'region'], NOW, 'reference'),
      sumBy(['provider', 'region'], over('count_over_time', promTrusted('success', 'reference'), NOW))),
  },
  regionCells: {
    influxql: influxSeries(influx('mean("success")', `"role" = 'reference' AND ${INFLUX_TRUSTED} AND ${INFLUX_FILTER}`,
      byTime(['provider', 'region'])), '$tag_provider/$tag_region'),
    promql: promSeries([promRatio(['provider', 'region'], '$__interval', 'reference'), '{{provider}}/{{region}}']),
  },
  appMatrix: {
    influxql: influxTable(influx('mean("success") AS "success"',
      `"role" = 'app' AND ${INFLUX_TRUSTED} AND ${INFLUX_FILTER}`, quoted(['target', 'vantage']))),
    promql: promNow(promRatio(['target', 'vantage'], NOW, 'app')),
  },
  regionMatrix: {
    influxql: influxTable(influx('mean("success") AS "success"',
      `"role" = 'reference' AND ${INFLUX_TRUSTED} AND ${INFLUX_FILTER}`, quoted(['region', 'vantage']))),
    promql: promNow(promRatio(['region', 'vantage'], NOW, 'reference')),
  },
  availability: {
    influxql: influxTable(influx('mean("success") AS "success", count("success") AS "runs"',
      `"role" = 'app' AND ${INFLUX_TRUSTED} AND ${INFLUX_FILTER}`, quoted(['target']))),
    promql: promNow(promRatio(['target'], '$__range', 'app'),
      sumBy(['target'], over('count_over_time', promTrusted('success', 'app'), '$__range'))),
  },
  failures: {
    influxql: influxSeries(influx('count("success")', `"suspect" = 0 AND "status_code" = 2 AND ${INFLUX_FILTER}`,
      byTime(['target'])), '$tag_target'),
    promql: promSeries([sumBy(['target'],
      over('count_over_time', promTrusted('success', '', '== 2'), '$__interval')), '{{target}}']),
  },
  duration: (percent) => ({
    influxql: influxSeries(influx(`percentile("duration_seconds", ${percent})`,
      `"success" = 1 AND "suspect" = 0 AND ${INFLUX_FILTER}`, byTime(['vantage'])), '$tag_vantage'),
    promql: promSeries([`quantile by (vantage) (${percent / 100}, quantile_over_time(${percent / 100}, ` +
      `${promTrusted('duration_seconds', '', '< 2')}[$__interval:\${round}s]))`, '{{vantage}}']),
  }),
  phases: {
    influxql: influxSeries(influx(PHASES.map((phase) => `mean("${phase}_seconds") AS "${phase}"`).join(', '),
      ONE_TARGET, byTime([])), '$col'),
    promql: promSeries(...PHASES.map((phase) => {
      const metric = `probe_${phase}_seconds{target="$target",vantage=~"$vantage"}[$__interval]`;
      return [`sum(sum_over_time(${metric})) / sum(count_over_time(${metric}))`, phase];
    })),
  },
  causes: {
    influxql: influxSeries(influx('max("cause_code")', ONE_TARGET, byTime(['vantage'])), '$tag_vantage'),
    promql: promSeries(['max by (vantage) (max_over_time(probe_cause_code{target="$target",vantage=~"$vantage"}' +
      '[$__interval]))', '{{vantage}}']),
  },
  certificates: {
    influxql: influxTable('SELECT (min("expiry") - ${__to:date:seconds}) / 86400 AS "days" FROM (' +
      influx('last("ssl_earliest_cert_expiry") AS "expiry"', INFLUX_FILTER, quoted(['target', 'vantage'])) +
      ') GROUP BY "target"'),
    promql: promNow(`(min by (target) (last_over_time(probe_ssl_earliest_cert_expiry${selector()}[$__range])) ` +
      '- time()) / 86400'),
  },
  ownDelay: (field) => ({
    influxql: influxSeries(influx(`max("${field}")`, INFLUX_FILTER, byTime(['vantage'])), '$tag_vantage'),
    promql: promSeries([`max by (vantage) (max_over_time(probe_${field}${selector()}[$__interval]))`, '{{vantage}}']),
  }),
  untrusted: {
    influxql: [
      ...influxSeries(influx('sum("suspect")', INFLUX_FILTER, byTime(['vantage'])), '$tag_vantage: suspect'),
      ...influxSeries(influx('count("success")', `"status_code" = 3 AND ${INFLUX_FILTER}`, byTime(['vantage'])),
        '$tag_vantage: own fault'),
    ],
    promql: promSeries(
      [`sum by (vantage) (sum_over_time(probe_suspect${selector()}[$__interval]))`, '{{vantage}}: suspect'],
      [sumBy(['vantage'], over('count_over_time', `(probe_status_code${selector()} == 3 and ` +
        `timestamp(probe_success${selector()}) > time() - $round)`, '$__interval')), '{{vantage}}: own fault']),
  },
  delivered: {
    influxql: influxSeries('SELECT non_negative_derivative(max("records_delivered"), 1s) FROM "sonde" WHERE ' +
      '$timeFilter AND "vantage" =~ /^$vantage$/ GROUP BY time($__interval), "vantage", "instance" fill(null)',
    '$tag_vantage $tag_instance'),
    promql: promSeries(['rate(sonde_records_delivered{vantage=~"$vantage"}[$__rate_interval])',
      '{{vantage}} {{instance}}']),
  },
  waiting: {
    influxql: Object.entries(LOG_FIELDS).flatMap(([field, word]) => influxSeries(
      `SELECT max("${field}") FROM "sonde" WHERE $timeFilter AND "vantage" =~ /^$vantage$/ ` +
      'GROUP BY time($__interval), "vantage", "instance" fill(null)',
      `${word} $tag_vantage $tag_instance`)),
    promql: promSeries(...Object.entries(LOG_FIELDS).map(([field, word]) => [
      `max by (vantage, instance) (max_over_time(sonde_${field}{vantage=~"$vantage"}[$__interval]))`,
      `${word} {{vantage}} {{instance}}`])),
  },
};
