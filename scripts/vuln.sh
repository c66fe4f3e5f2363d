#!/bin/sh
# Asks govulncheck which known vulnerabilities the program can reach, on Linux, Windows and
# macOS, with the Go vulnerability database of the commit in tools/vulndb.pin.
#
#   VULNDB=DIR   a clone of https://github.com/golang/vulndb that has that commit; without it
#                the commit is fetched once and kept in the cache folder.
#   VULN_OS=…    the systems to look at.
#
# To look with a newer database, write its commit and date into tools/vulndb.pin.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
read -r commit date <"$here/tools/vulndb.pin"
url=${VULNDB_URL:-https://github.com/golang/vulndb}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tenantaudit/vulndb
db=$cache/$commit

if [ ! -d "$db" ]; then
	mkdir -p "$cache"
	tmp=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	clone=${VULNDB:-}
	if [ -z "$clone" ]; then
		clone=$tmp/git
		git init -q --bare "$clone"
		if ! git -C "$clone" fetch -q --depth 1 "$url" "$commit"; then
			echo "vuln: the database of $date (commit $commit) cannot be fetched from $url, so nothing was checked. VULNDB=DIR takes a clone that you have." >&2
			exit 1
		fi
	fi
	if ! git -C "$clone" archive -o "$tmp/osv.tar" "$commit:data/osv"; then
		echo "vuln: $clone has no commit $commit, so nothing was checked." >&2
		exit 1
	fi
	mkdir "$tmp/osv"
	tar -xf "$tmp/osv.tar" -C "$tmp/osv"
	mv "$tmp/osv" "$db"
	rm -rf "$tmp"
	trap - EXIT
fi

# An empty or wrong database finds nothing, which is not the same as nothing to find.
if ! sh "$here/scripts/tool.sh" govulncheck -mode=query -json -db "file://$db" golang.org/x/text@v0.3.5 | grep -q '"id": "GO-2021-0113"'; then
	echo "vuln: the database in $db does not know a vulnerability that it must know: remove that folder and try again." >&2
	exit 1
fi
echo "vuln: database of $date, $(find "$db" -name 'GO-*.json' | wc -l | tr -d ' ') entries"
failed=""
for os in ${VULN_OS:-linux windows darwin}; do
	echo "vuln: $os"
	GOOS=$os CGO_ENABLED=0 sh "$here/scripts/tool.sh" govulncheck -db "file://$db" "$here/cmd/tenantaudit" || failed="$failed $os"
done
[ -z "$failed" ] || { echo "vuln: failed for$failed" >&2; exit 1; }
