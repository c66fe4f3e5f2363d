#!/bin/sh
# Builds the release of HEAD twice, in two folders and with a build cache of its own for the
# second, and compares every byte.
#
#   PLATFORMS=…       some of the platforms, as linux/amd64, with commas
#   SHARED_CACHE=1    both builds use the same build cache: minutes instead of half an hour,
#                     but packages that the cache has are compiled only once
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
# Go makes its caches read-only where it holds modules; this one holds builds only.
trap 'rm -rf "$tmp"' EXIT
git clone -q "$here" "$tmp/one"
git clone -q "$here" "$tmp/two/in a deeper folder"
export VERSION="${VERSION:-$(git -C "$here" describe --tags --always)}" PLATFORMS="${PLATFORMS:-}"
make -C "$tmp/one" release
(
	[ -n "${SHARED_CACHE:-}" ] || export GOCACHE="$tmp/cache"
	# Neither the zone, the language nor the default modes of new files matter.
	umask 077
	TZ=Pacific/Auckland LC_ALL=C make -C "$tmp/two/in a deeper folder" release
)
cat "$tmp/one/dist/SHA256SUMS"
diff -r "$tmp/one/dist" "$tmp/two/in a deeper folder/dist"
echo "release-check: both builds are the same"
