# The demo: the world of demo.yaml, one prober per vantage and a hub, each a process of its own; ends all of them on Ctrl-C.
# Started by ./run --demo, which puts sonde and sonde-world on the PATH.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DIR=$(mktemp -d "${TMPDIR:-/tmp}/sonde-demo.XXXXXX")
PIDS=()
PORT=${SONDE_DEMO_PORT:-8686}
LANGUAGE_WISH=${LC_ALL:-${LC_MESSAGES:-${LANG:-en}}}
case "$LANGUAGE_WISH" in
  zh*) SPEAK=zh HERE_IS="页面：http://127.0.0.1:$PORT/      （Ctrl-C 结束演示，不留下任何东西）" ;;
  *) SPEAK=en HERE_IS="The page: http://127.0.0.1:$PORT/      (Ctrl-C ends the demo and leaves nothing behind)" ;;
esac

cleanup() {
  trap - EXIT INT TERM
  for pid in "${PIDS[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${PIDS[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 0' INT TERM

# wait_for SECONDS COMMAND…: tries the command until it succeeds.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

sonde-world -f "$HERE/demo.yaml" --out "$DIR" --hub-port "$PORT" --timeline --repeat --lang "$SPEAK" "$@" &
PIDS+=($!)
wait_for 20 test -s "$DIR/world.json" || { echo "error: the world did not start" >&2; exit 1; }

sonde run -c "$DIR/hub.yaml" >"$DIR/hub.log" 2>&1 &
PIDS+=($!)
for config in "$DIR"/vantage-*.yaml; do
  sonde run -c "$config" >"$DIR/$(basename "$config" .yaml).log" 2>&1 &
  PIDS+=($!)
done

hub_answers() { exec 3<>"/dev/tcp/127.0.0.1/$PORT" && exec 3>&-; } 2>/dev/null
wait_for 20 hub_answers || { echo "error: the hub did not start; its last words:" >&2; tail -n 5 "$DIR/hub.log" >&2; exit 1; }
echo
echo "    $HERE_IS"
echo
sonde watch --hub "http://127.0.0.1:$PORT" || true
