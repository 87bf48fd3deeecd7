// Cause numbers as words and colours for Grafana, read from the one table in core/causes.inc.

import { readFileSync } from 'node:fs';

const TABLE = new URL('../../core/causes.inc', import.meta.url);
const LINE = /^SONDE_CAUSE\(\w+, (\d+), "([a-z0-9_]+)", "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\)$/;
const FIRST_DEGRADED = 140;
const FIRST_OWN_FAULT = 160; // as in core/outcome.cc: from here on the prober is to blame, not the target

function readCauses() {
  const lines = readFileSync(TABLE, 'utf8').split('\n').filter((line) => line.startsWith('SONDE_CAUSE('));
  return lines.map((line) => {
    const match = LINE.exec(line);
    if (!match) throw new Error(`core/causes.inc: cannot read ${line}`);
    return { number: Number(match[1]), name: match[2], en: match[3], zh: match[4] };
  });
}

function color(number) {
  if (number === 0) return 'green';
  if (number >= FIRST_OWN_FAULT) return 'purple';
  return number >= FIRST_DEGRADED ? 'yellow' : 'red';
}

export function causeMappings(t) {
  const options = {};
  readCauses().forEach((cause, index) => {
    const text = cause.number === 0 ? t('ok', '正常') : `${cause.name}: ${t(cause.en, cause.zh)}`;
    options[String(cause.number)] = { text, color: color(cause.number), index };
  });
  return [{ type: 'value', options }];
}
