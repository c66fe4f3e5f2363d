#!/bin/sh
# Runs a tool that tools/go.mod pins, or says why it cannot: tool.sh NAME ARGS…
# It never falls back to another version and never counts a tool as passed that did not run.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
name=$1
shift
# Built for this machine, whatever platform is looked at.
if ! bin=$(env -u GOOS -u GOARCH go tool -modfile="$here/tools/go.mod" -n "$name"); then
	echo "$name: the version that tools/go.mod pins cannot be fetched or built here, so nothing was checked. It comes through the Go module proxy (GOPROXY)." >&2
	exit 1
fi
exec "$bin" "$@"
