#!/bin/sh
# Writes the second half of docs/configuration.md and docs/configuration.zh-CN.md again, from the tables of keys.
# usage: docs/write-configuration.sh [SONDE]   (the binary; default build/dev/cli/sonde)
set -eu
docs=$(dirname "$0")
sonde=${1:-$docs/../build/dev/cli/sonde}
mark='<!-- from here on: sonde config reference -->'
for page in en:configuration.md zh:configuration.zh-CN.md; do
  file="$docs/${page#*:}"
  head=$(sed "/^$mark\$/q" "$file")
  { printf '%s\n\n' "$head"; "$sonde" --lang "${page%%:*}" config reference; } > "$file.new"
  mv "$file.new" "$file"
done
