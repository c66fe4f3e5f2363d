#!/bin/sh
# Runs every fuzz target of the module, one after the other, and prints a table. The
# targets are asked of the compiler, so that none can be forgotten.
#
#   FUZZTIME      for each target: a time (60s) or a count (200000x)
#   FUZZPARALLEL  workers at a time; default: one for each core
#   FUZZTARGETS   an expression that chooses targets by name; default: all
#   FUZZPACKAGES  packages to look in; default: all
#
# An input that fails is written to testdata/fuzz/<target>/ of its package. Commit it: it
# then is a case of every later test run.
set -u

GO=${GO:-go}
time=${FUZZTIME:-60s}
cache=$("$GO" env GOCACHE)/fuzz
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# shellcheck disable=SC2086 # several packages
if ! "$GO" test -list "^Fuzz" ${FUZZPACKAGES:-./...} >"$work/list" 2>"$work/errors"; then
	cat "$work/list" "$work/errors" >&2
	exit 1
fi
awk '/^Fuzz/ { names[n++] = $1 } /^ok/ { for (i = 0; i < n; i++) print $2, names[i]; n = 0 }' "$work/list" |
	grep -E " .*(${FUZZTARGETS:-.})" >"$work/targets"
if ! [ -s "$work/targets" ]; then
	echo "no fuzz target found" >&2
	exit 1
fi

failed=0
row='%-30s %-24s %12s %15s  %s\n'
# shellcheck disable=SC2059 # the format is ours
printf "$row" PACKAGE TARGET EXECS "NEW INTERESTING" RESULT
built=
while read -r package target; do
	if [ "$package" != "$built" ]; then # compiled once for all targets of a package
		built=$package
		folder=$("$GO" list -f '{{.Dir}}' "$package") || exit 1
		"$GO" test -c -fuzz=. -o "$work/test" "$package" || exit 1
	fi
	result=ok
	(cd "$folder" && exec "$work/test" -test.run='^$' -test.fuzz="^$target\$" -test.fuzztime="$time" -test.fuzzminimizetime=10s \
		-test.fuzzcachedir="$cache/$package" ${FUZZPARALLEL:+-test.parallel="$FUZZPARALLEL"}) >"$work/log" 2>&1 </dev/null || {
		result=FAILED
		failed=$((failed + 1))
	}
	execs=$(sed -n 's/^fuzz: .*execs: \([0-9]*\).*/\1/p' "$work/log" | tail -n 1)
	new=$(sed -n 's/^fuzz: .*new interesting: \([0-9]*\).*/\1/p' "$work/log" | tail -n 1)
	# shellcheck disable=SC2059
	printf "$row" "${package#*/}" "$target" "${execs:-0}" "${new:-0}" "$result"
	if [ "$result" != ok ]; then
		sed 's/^/    /' "$work/log" | tail -n 25
	fi
done <"$work/targets"

echo
echo "$(wc -l <"$work/targets" | tr -d ' ') targets, $failed failed"
[ "$failed" -eq 0 ]
