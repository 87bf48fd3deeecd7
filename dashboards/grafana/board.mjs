// The overview board: which panels, in which order, in which words. One description for both query languages.

import { SUCCESS_STEPS, belowSteps, column, dashboard, row, stat, table, timeCells, timeSeries } from './build.mjs';
import { causeMappings } from './causes.mjs';
import { queries } from './queries.mjs';
import { annotations, links, variables } from './variables.mjs';

const LANGUAGES = {
  influxql: { dsType: 'influxdb', name: 'InfluxQL' },
  promql: { dsType: 'prometheus', name: 'PromQL' },
};
const DAY_STEPS = [{ color: 'red', value: null }, { color: 'orange', value: 7 }, { color: 'green', value: 21 }];
const BAD_IF_ANY = [{ color: 'green', value: null }, { color: 'red', value: 1 }];
const GRAPH = { width: 12, height: 8 };
const SUCCESS = { unit: 'percentunit', steps: SUCCESS_STEPS, decimals: 1 };

/** Shows columns under the given names, without the time (of no use in an aggregate) and what else is not wanted. */
const rename = (renames, hidden = []) => ({ id: 'organize', options: {
  excludeByName: Object.fromEntries(['Time', 'time', ...hidden].map((name) => [name, true])),
  renameByName: renames, indexByName: {} } });
const sortBy = (field, desc) => ({ id: 'sortBy', options: { sort: [{ field, desc }] } });
const toMatrix = (rowField, valueField) => ({ id: 'groupingToMatrix', options: {
  rowField, columnField: 'vantage', valueField, emptyValue: 'null' } });

/**
 * @param {'influxql' | 'promql'} language  the query language of the data source
 * @param {'en' | 'zh'} locale
 */
export function overview(language, locale) {
  const t = (en, zh) => (locale === 'zh' ? zh : en);
  const pick = (query) => query[language];
  const influx = language === 'influxql';
  // What a table column is called before it is renamed: InfluxQL has aliases, PromQL numbers its queries.
  const value = (alias, index, of) => (influx ? alias : of === 1 ? 'Value' : `Value #${'AB'[index]}`);
  // In InfluxQL the window of "now" is the panel's own time range; in PromQL it stands in the query.
  const now = influx ? { timeFrom: '5m' } : {};
  const merge = influx ? [] : [{ id: 'merge', options: {} }];
  const spec = { t, pick, influx, value, now, merge, causes: causeMappings(t) };

  const suffix = locale === 'zh' ? '-zh' : '';
  return dashboard({
    uid: `sonde-overview-${language}${suffix}`,
    title: t(`Sonde overview (${LANGUAGES[language].name})`, `Sonde 总览（${LANGUAGES[language].name}）`),
    description: t('Health of apps and clouds as all vantages see it. Generated; edit dashboards/grafana, not this.',
      '各观测点看到的应用与云的健康状况。由程序生成：请修改 dashboards/grafana 下的源码。'),
    dsType: LANGUAGES[language].dsType,
    tags: ['sonde'],
    variables: variables(language, t),
    annotations: annotations(language, t),
    links: links(t),
    panels: [...nowPanels(spec), ...wherePanels(spec), ...speedPanels(spec), ...targetPanels(spec),
      ...slowPanels(spec), ...selfPanels(spec)],
  });
}

function nowPanels({ t, pick, influx, value, now, merge, causes }) {
  const small = { width: 6, height: 4 };
  const C = { target: t('target', '目标'), vantage: t('vantage', '观测点'), check: t('check', '检查'),
    failed: t('failed runs', '失败次数'), cause: t('cause', '原因'), stage: t('stage', '阶段'),
    detail: t('detail', '详情'), class: t('blame', '归因'), component: t('component', '部件'),
    kind: t('kind', '类别'), grade: t('grade', '结论'), confidence: t('confidence', '置信度'),
    severity: t('severity', '严重度'), summary: t('in words', '说明') };
  return [
    row(t('Now', '当前')),
    stat({ ...small, ...now, ...SUCCESS, title: t('Success, last 5 minutes', '近 5 分钟成功率'),
      description: t('Good runs among the runs that can be trusted. The prober\'s own faults are not counted.',
        '可信探测中成功的比例，不计探针自身的故障。'), queries: pick(queries.successNow) }),
    stat({ ...small, ...now, steps: BAD_IF_ANY, noValue: '0', title: t('Failing pairs', '失败的目标-观测点对'),
      description: t('Pairs of target and vantage with a failed run in the last 5 minutes.',
        '近 5 分钟内有失败的目标与观测点组合数。'), queries: pick(queries.failingNow) }),
    stat({ ...small, ...now, steps: [{ color: 'red', value: null }, { color: 'green', value: 1 }], noValue: '0',
      title: t('Vantages heard', '有数据的观测点'),
      description: t('Vantages that sent a result in the last 5 minutes.', '近 5 分钟内有结果的观测点数。'),
      queries: pick(queries.vantagesNow) }),
    stat({ ...small, steps: BAD_IF_ANY, noValue: '0', title: t('Open verdicts', '未关闭的判定'),
      description: t('Components whose newest verdict in the range is open. Undecided ones count too.',
        '所选时间范围内最新判定仍未关闭的部件数，含证据不足者。'), queries: pick(queries.openVerdicts) }),
    table({ width: 12, height: 8, title: t('Open verdicts and their grade', '未关闭的判定及结论'),
      description: t('Whose fault it is, how sure that is, and how bad. The Sonde page shows the evidence.',
        '是谁的问题、有多确定、有多严重。证据见 Sonde 页面。'),
      queries: pick(queries.verdictTable),
      transformations: [...merge, rename({ class: C.class, component: C.component, component_kind: C.kind,
        grade: C.grade, [value('confidence', 0, 2)]: C.confidence, [value('severity', 1, 2)]: C.severity,
        [t('summary_en', 'summary_zh')]: C.summary }, [t('summary_zh', 'summary_en')])],
      overrides: [column(C.confidence, { unit: 'percentunit' }), column(C.severity, { unit: 'percentunit' })] }),
    table({ width: 12, height: 8, ...now, title: t('Failing targets, last 5 minutes', '近 5 分钟失败的目标'),
      description: t('Failed runs and the latest cause.', '失败次数与最近一次的原因。'),
      queries: pick(queries.failingTable),
      transformations: [...merge, rename({ target: C.target, vantage: C.vantage, check: C.check,
        [value('failed', 0, 2)]: C.failed, stage: C.stage, [value('cause', 1, 2)]: C.cause, detail: C.detail }),
      sortBy(C.failed, true)],
      overrides: influx ? [] : [column(C.cause, { mappings: causes })] }),
  ];
}

function wherePanels({ t, pick, value, now, merge }) {
  const C = { success: t('success', '成功率'), runs: t('runs', '次数'), provider: t('cloud', '云'),
    region: t('region', '地域') };
  return [
    row(t('Where', '何处')),
    table({ width: 24, height: 7, ...now, ...SUCCESS, title: t('Apps by vantage, last 5 minutes', '应用 × 观测点，近 5 分钟'),
      description: t('A red row is the app or what it stands on; a red column is the path or the vantage.',
        '整行红：应用或其依赖；整列红：链路或观测点。'),
      queries: pick(queries.appMatrix), transformations: [toMatrix('target', value('success', 0, 1))],
      overrides: [BACKGROUND] }),
    table({ width: 8, height: 12, ...now, title: t('Clouds by region, last 5 minutes', '云与地域，近 5 分钟'),
      description: t('Success of the clouds\' own endpoints from all chosen vantages.', '所选观测点对云自有端点的成功率。'),
      queries: pick(queries.regionTable),
      transformations: [...merge, rename({ provider: C.provider, region: C.region,
        [value('success', 0, 2)]: C.success, [value('runs', 1, 2)]: C.runs }), sortBy(C.success, false)],
      overrides: [column(C.success, { ...SUCCESS, background: true })] }),
    timeCells({ width: 16, height: 12, ...SUCCESS, title: t('Clouds by region over time', '云与地域随时间'),
      description: t('Success of the clouds\' own endpoints. An empty cell was not measured.',
        '云自有端点的成功率。空白表示没有测量。'), queries: pick(queries.regionCells) }, 'status-history'),
    table({ width: 12, height: 9, ...now, ...SUCCESS, repeat: 'provider',
      title: t('$provider: region by vantage, last 5 minutes', '$provider：地域 × 观测点，近 5 分钟'),
      description: t('One matrix a cloud, because two clouds may call a region by the same name.',
        '每个云一张矩阵，因为不同的云可能使用相同的地域名。'),
      queries: pick(queries.regionMatrix), transformations: [toMatrix('region', value('success', 0, 1))],
      overrides: [BACKGROUND] }),
  ];
}

const BACKGROUND = { matcher: { id: 'byType', options: 'number' },
  properties: [{ id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } }] };

function speedPanels({ t, pick, influx }) {
  const how = influx
    ? t('Over all good runs of the chosen targets.', '按所选目标的全部成功探测计算。')
    : t('Over the chosen targets; of each target first the same percentile over time. PromQL cannot pool runs.',
      '先对每个目标按时间取该分位，再对所选目标取该分位（PromQL 无法合并原始样本）。');
  const seconds = { ...GRAPH, unit: 's', min: 0, description: how };
  return [
    row(t('How fast and how often', '快慢与失败')),
    timeSeries({ ...seconds, title: t('Duration by vantage, median', '各观测点耗时，中位数'), queries: pick(queries.duration(50)) }),
    timeSeries({ ...seconds, title: t('Duration by vantage, 95th percentile', '各观测点耗时，第 95 百分位'),
      queries: pick(queries.duration(95)) }),
    timeSeries({ width: 24, height: 7, min: 0, decimals: 0, bars: true, stack: true,
      title: t('Failed runs by target', '各目标失败次数'),
      description: t('Runs that failed and can be trusted, per step.', '每个时间步内可信的失败次数。'), queries: pick(queries.failures) }),
  ];
}

function targetPanels({ t, pick, causes }) {
  return [
    row(t('One target: $target', '单个目标：$target')),
    timeSeries({ ...GRAPH, unit: 's', min: 0, stack: true, title: t('Where the time goes', '时间花在哪里'),
      description: t('Mean of each phase, stacked. A phase that was not reached is absent, not zero.',
        '各阶段平均耗时，堆叠显示。未到达的阶段不计，不是零。'), queries: pick(queries.phases) }),
    timeCells({ ...GRAPH, mappings: causes, steps: [{ color: 'green', value: null }, { color: 'red', value: 1 }],
      title: t('Cause by vantage', '各观测点的失败原因'),
      description: t('The cause with the highest number in each step. Purple is the prober\'s own fault.',
        '每个时间步内编号最大的原因。紫色表示探针自身的故障。'), queries: pick(queries.causes) }, 'state-timeline'),
  ];
}

function slowPanels({ t, pick, value, merge }) {
  const C = { days: t('days left', '剩余天数'), target: t('target', '目标'), success: t('success', '成功率'),
    runs: t('runs', '次数') };
  return [
    row(t('Over the whole range', '整个时间范围')),
    table({ ...GRAPH, title: t('Availability of apps', '应用可用率'),
      description: t('Good runs among the trusted runs of the chosen range.', '所选时间范围内可信探测的成功率。'),
      queries: pick(queries.availability),
      transformations: [...merge, rename({ target: C.target, [value('success', 0, 2)]: C.success,
        [value('runs', 1, 2)]: C.runs }), sortBy(C.success, false)],
      overrides: [column(C.success, { ...SUCCESS, decimals: 3, background: true })] }),
    table({ ...GRAPH, title: t('Certificates', '证书'),
      description: t('Days until the earliest certificate of the chain ends, at the end of the range.',
        '到所选范围末尾为止，证书链中最早到期者的剩余天数。'),
      queries: pick(queries.certificates),
      transformations: [rename({ target: C.target, [value('days', 0, 1)]: C.days }), sortBy(C.days, false)],
      overrides: [column(C.days, { decimals: 1, steps: DAY_STEPS, background: true })] }),
  ];
}

function selfPanels({ t, pick }) {
  const seconds = { width: 8, height: 7, unit: 's', min: 0 };
  return [
    row(t('The probers themselves', '探针自身')),
    timeSeries({ ...seconds, title: t('Late starts', '启动延迟'),
      description: t('How late a run started against its slot; the worst of each step.', '探测晚于计划时刻的程度，取每步最大值。'),
      queries: pick(queries.ownDelay('late_seconds')) }),
    timeSeries({ ...seconds, title: t('Loop lag', '事件循环延迟'),
      description: t('How late the prober\'s own loop was; the worst of each step.', '探针事件循环的延迟，取每步最大值。'),
      queries: pick(queries.ownDelay('loop_lag_seconds')) }),
    timeSeries({ width: 8, height: 7, min: 0, bars: true, stack: true, title: t('Runs without a say', '不计入的探测'),
      description: t('Suspect runs, and runs that ended by the prober\'s own fault. A run may be both.',
        '不可信的探测，以及因探针自身故障而结束的探测；可能同时属于两者。'), queries: pick(queries.untrusted) }),
    timeSeries({ ...GRAPH, unit: 'cps', min: 0, title: t('Records delivered per second', '每秒送达的记录'),
      description: t('By each process, to all its sinks.', '按进程统计，含其全部输出端。'), queries: pick(queries.delivered) }),
    timeSeries({ ...GRAPH, min: 0, title: t('Records waiting and lost', '等待与丢弃的记录'),
      description: t('Pending in the log; evicted because it was full; refused by the sink for good.',
        '日志中待发送；因日志写满被淘汰；被输出端永久拒收。'), queries: pick(queries.waiting) }),
  ];
}
