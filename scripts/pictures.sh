#!/bin/sh
# Makes the pictures of docs/pictures from a fresh demo: every view of the HTML review in Chromium
# (light, dark, on a phone, printed), and the first printed page of every sheet of the workbook in
# LibreOffice. The binary is built here, so that the pictures name a plain version.
# usage: pictures.sh OUTDIR
set -eu
out=${2:-$1} # a binary before the folder is not used
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out/html" "$out/workbook"

go build -ldflags "-X main.version=1.0.0-demo" -o "$work/tenantaudit" ./cmd/tenantaudit
"$work/tenantaudit" demo --out "$work/review" --format html,xlsx,json --no-progress >/dev/null

# One profile serves all pictures. Virtual time does not wait for the worker that reads the
# evidence, so the review stands in a frame of a page that spends real time while it runs.
frame() { # fragment
	cat >"$work/frame.html" <<EOF
<!doctype html><style>body{margin:0;overflow:hidden}iframe{border:0;width:100vw;height:100vh}</style>
<iframe src="review/review.html$1"></iframe>
<script>setInterval(() => { for (let i = 0; i < 2e7; i++); }, 100)</script>
EOF
}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
chrome() {
	"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --no-default-browser-check \
		--disable-background-networking --disable-component-update --disable-sync --disable-extensions \
		--hide-scrollbars --user-data-dir="$work/profile" --timeout=10000 "$@" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		return 1
	}
}
shoot() { # name fragment size [option...]
	name=$1 fragment=$2 size=$3
	shift 3
	frame "$fragment"
	chrome --window-size="$size" --virtual-time-budget=5000 "$@" --screenshot="$out/html/$name.png" "file://$work/frame.html"
}
box=$(grep -o '"mailbox":"[^"]*","mailboxAddress":"ap@[^"]*","principal"' "$work/review/report.json" | head -n 1 | cut -d '"' -f 4)
[ -n "$box" ] || { echo "nobody can reach the mailbox of the picture" >&2; exit 1; }
view() { # name fragment height height-on-a-phone
	shoot "$1" "$2" "1280,$3"
	shoot "$1-dark" "$2" "1280,$3" --blink-settings=preferredColorScheme=0
	shoot "$1-phone" "$2" "500,$4"
}
shoot top "#overview" "1280,900"
view overview "#overview" 3700 2600
view findings "#findings?severity=critical,high&area=mail" 1100 1300
view access "#access/mailbox?of=$box" 1000 1300
view checks "#checks" 1000 1100
view coverage "#coverage" 1100 1100
view evidence "#evidence/mailboxPermissions?f.inherited=false&sort=mailboxAddress" 900 1000
chrome --no-pdf-header-footer --print-to-pdf="$work/page.pdf" "file://$work/review/review.html"
pdftoppm -r 55 -png -f 1 -l 6 "$work/page.pdf" "$out/html/print"

# The name of its sheet is at the left of the footer of a page.
soffice=$(command -v soffice || command -v libreoffice)
"$soffice" -env:UserInstallation="file://$work/office" --headless --convert-to pdf --outdir "$work" "$work/review/review.xlsx" >"$work/log" 2>&1
pages=$(pdfinfo "$work/review.pdf" | sed -n 's/^Pages: *//p')
n=1 last=
while [ "$n" -le "$pages" ]; do
	sheet=$(pdftotext -f "$n" -l "$n" -layout "$work/review.pdf" - | sed -n 's/^ *\(.*[^ ]\)  *Review of .*Page .*$/\1/p' | tail -n 1)
	if [ "$sheet" != "$last" ] && [ -n "$sheet" ]; then
		last=$sheet
		pdftoppm -r 48 -png -f "$n" -l "$n" -singlefile "$work/review.pdf" "$out/workbook/$(echo "$sheet" | tr ' ' '-' | tr -d '()')"
	fi
	n=$((n + 1))
done
ls "$out/html" "$out/workbook" | wc -l
