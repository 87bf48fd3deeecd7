// The variables, annotations and links of the boards: what a user chooses at the top of the page.

/** `All` is the expression `.*`, so that targets without the tag (an app hosted nowhere known) stay in. */
const ALL = { text: ['All'], value: ['$__all'] };

function query(name, label, definition, { multi }) {
  return {
    name, label, type: 'query', definition: definition.text, query: definition.query,
    refresh: 2, // on each change of the time range
    sort: 1, regex: '', hide: 0, multi, includeAll: multi,
    ...(multi ? { allValue: '.*', current: { selected: true, ...ALL } } : { current: {} }),
    options: [],
  };
}

function custom(name, label, values, chosen) {
  const options = values.map((value) => ({ text: value, value, selected: value === chosen }));
  return {
    name, label, type: 'custom', query: values.join(','), hide: 0, multi: false, includeAll: false,
    current: { text: chosen, value: chosen, selected: true }, options,
  };
}

const influxValues = (tag, where) => {
  const text = `SHOW TAG VALUES FROM "probe" WITH KEY = "${tag}"` + (where ? ` WHERE ${where}` : '');
  return { text, query: text };
};

const promValues = (tag, where) => {
  const text = `label_values(probe_success${where ? `{${where}}` : ''}, ${tag})`;
  return { text, query: { qryType: 1, query: text, refId: 'PrometheusVariableQueryEditor-VariableQuery' } };
};

/** The tag filters of a chain: what stands left of a variable narrows its values. */
const CHAIN = {
  influxql: (tags) => tags.map((tag) => `"${tag}" =~ /^$${tag}$/`).join(' AND '),
  promql: (tags) => tags.map((tag) => `${tag}=~"$${tag}"`).join(','),
};

export function variables(language, t) {
  const values = language === 'influxql' ? influxValues : promValues;
  const chain = CHAIN[language];
  const dsType = language === 'influxql' ? 'influxdb' : 'prometheus';
  const list = [
    { name: 'ds', label: t('Data source', '数据源'), type: 'datasource', query: dsType, hide: 0, multi: false,
      includeAll: false, regex: '', refresh: 1, current: {}, options: [] },
    query('partition', t('Side', '境内外'), values('partition', ''), { multi: true }),
    query('provider', t('Cloud', '云'), values('provider', chain(['partition'])), { multi: true }),
    query('region', t('Region', '地域'), values('region', chain(['partition', 'provider'])), { multi: true }),
    query('vantage', t('Vantage', '观测点'), values('vantage', ''), { multi: true }),
    query('target', t('One target', '单个目标'), values('target', chain(['partition', 'provider', 'region'])),
      { multi: false }),
  ];
  if (language === 'promql') {
    list.push(custom('round', t('Shortest probe round (s)', '最短探测周期（秒）'), ['5', '10', '15', '30', '60'], '10'));
  }
  list.push({ name: 'sonde', label: t('Sonde page', 'Sonde 页面'), type: 'textbox', hide: 0,
    query: 'http://127.0.0.1:8686', current: { text: 'http://127.0.0.1:8686', value: 'http://127.0.0.1:8686' },
    options: [{ text: 'http://127.0.0.1:8686', value: 'http://127.0.0.1:8686', selected: true }] });
  return list;
}

/** Every verdict that opened or changed while open, as a mark in all panels. */
export function annotations(language, t) {
  const base = { name: t('Verdicts', '判定'), enable: true, hide: false, iconColor: 'red' };
  if (language === 'influxql') {
    const text = t('summary_en', 'summary_zh');
    return [{ ...base, query: `SELECT "${text}" FROM "verdict" WHERE $timeFilter AND "state" = 'open'`,
      textColumn: text, tagsColumn: 'component', titleColumn: '', fromAnnotations: true }];
  }
  return [{ ...base, expr: 'verdict_state_code{state="open"} == 1', step: '60s',
    titleFormat: '{{class}} {{component}}', textFormat: '{{grade}}', tagKeys: 'component_kind' }];
}

export function links(t) {
  return [
    { type: 'link', title: t('Sonde page', 'Sonde 页面'), url: '${sonde}/', icon: 'external link', targetBlank: true,
      asDropdown: false, includeVars: false, keepTime: false, tags: [], tooltip: '' },
    { type: 'dashboards', title: t('Sonde boards', 'Sonde 看板'), tags: ['sonde'], asDropdown: true, includeVars: true,
      keepTime: true, targetBlank: false, icon: 'external link', url: '', tooltip: '' },
  ];
}
