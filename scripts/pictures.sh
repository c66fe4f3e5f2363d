#!/bin/sh
# Makes the pictures of the README from a fresh demo: the HTML review in Chromium,
# the workbook in LibreOffice. usage: pictures.sh BINARY OUTDIR
set -eu
bin=$1
out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
"$bin" demo --out "$work/review" --format html,xlsx --no-progress >/dev/null

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
shoot() { # name width height dark|light fragment
	extra=""
	[ "$4" = light ] || extra="--blink-settings=preferredColorScheme=0 --force-dark-mode"
	# shellcheck disable=SC2086
	"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync \
		--hide-scrollbars --user-data-dir="$work/profile" $extra --window-size="$2,$3" --virtual-time-budget=6000 --screenshot="$out/$1.png" "file://$work/review/review.html$5" >/dev/null 2>&1
}
shoot html-overview 1280 900 light ""
shoot html-findings 1280 900 light "#/findings"
shoot html-evidence 1280 900 light "#/evidence"

soffice=$(command -v soffice || command -v libreoffice)
"$soffice" -env:UserInstallation="file://$work/office" --headless --convert-to pdf --outdir "$work" "$work/review/review.xlsx" >/dev/null 2>&1
pdftoppm -r 70 -png -f 1 -l 1 -singlefile "$work/review.pdf" "$out/workbook-cover"
ls -l "$out"
