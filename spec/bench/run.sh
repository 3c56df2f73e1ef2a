#!/bin/sh
# Runs one bench by its name; without a name it lists them.
set -eu
cd "$(dirname "$0")/../.."

list() {
  for bench in spec/bench/*.bench.ts; do
    printf '  %-8s %s\n' "$(basename "$bench" .bench.ts)" "$(sed -n '1s|^/\*\* \(.*\) \*/$|\1|p' "$bench")"
  done
}

name="${1:-}"
if [ -z "$name" ]; then
  echo "npm run bench NAME (docs/benchmarks.md), where NAME is one of:"
  list
  exit 0
fi
case "$name" in
  *[!a-z0-9-]*) there=no ;;
  *) [ -f "spec/bench/$name.bench.ts" ] && there=yes || there=no ;;
esac
if [ "$there" = no ]; then
  echo "bench: there is no bench '$name'; there are:" >&2
  list >&2
  exit 2
fi
SALLYPORT_BENCH="$name" exec node_modules/.bin/vitest run --disable-console-intercept
