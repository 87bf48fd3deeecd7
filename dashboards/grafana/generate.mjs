#!/usr/bin/env node
// Writes the boards into boards/, or with --check only says whether they are up to date (exit 1 when not).
//     node generate.mjs [--check]
// No dependency: node 18 or newer is enough.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { overview } from './board.mjs';

const OUT = new URL('./boards/', import.meta.url);
const check = process.argv.includes('--check');

function current(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

mkdirSync(OUT, { recursive: true });
let stale = 0;
for (const language of ['influxql', 'promql']) {
  for (const locale of ['en', 'zh']) {
    const board = overview(language, locale);
    const file = new URL(`${board.uid}.json`, OUT);
    const text = JSON.stringify(board, null, 2) + '\n';
    if (current(file) === text) continue;
    if (check) {
      console.error(`out of date: ${board.uid}.json; run node generate.mjs`);
      stale += 1;
    } else {
      writeFileSync(file, text);
      console.error(`wrote ${board.uid}.json`);
    }
  }
}
process.exitCode = stale ? 1 : 0;
