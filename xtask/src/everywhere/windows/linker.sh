#!/bin/sh
# Calls the linker as rustc on Windows does: with `-flavor wasm`, and a response file in which each argument is between
# quotes and paths have backslashes. If BYSYNCIFY_TEST_MANY is set there are more arguments than fit on a command line of
# Windows.

here=$(dirname "$0")
to_windows() { printf 'Z:%s' "$(printf '%s' "$1" | tr / '\\')"; }
flavor=$1
kind=$2
shift 2
for word in "$@"; do
  case $word in /*) word=$(to_windows "$word") ;; esac
  printf '"%s"\n' "$(printf '%s' "$word" | sed 's/"/\\"/g')"
done > "$here/linker arguments"
if [ -n "$BYSYNCIFY_TEST_MANY" ]; then
  padding=$(printf '%080d' 0)
  seq 400 | sed "s/.*/\"--export-if-defined=not_there_&_$padding\"/" >> "$here/linker arguments"
fi
exec "$BYSYNCIFY_TEST_WINE" "$here/bysyncify-ld.exe" "$flavor" "$kind" "@$(to_windows "$here/linker arguments")"
