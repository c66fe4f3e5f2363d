#!/bin/sh
# Makes the pictures of the README from a fresh demo: the HTML review in Chromium, the workbook
# in LibreOffice. The binary is built here, so that the pictures name a plain version.
# usage: pictures.sh OUTDIR
set -eu
out=${2:-$1} # a binary before the folder is not used
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

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
shoot() { # name fragment [option...]
	name=$1 fragment=$2
	shift 2
	frame "$fragment"
	"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --no-default-browser-check \
		--disable-background-networking --disable-component-update --disable-sync --disable-extensions \
		--hide-scrollbars --user-data-dir="$work/profile" --window-size=1280,900 \
		--virtual-time-budget=5000 --timeout=10000 "$@" \
		--screenshot="$out/$name.png" "file://$work/frame.html" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		return 1
	}
}
shoot html-overview "#overview"
shoot html-findings "#findings?severity=critical,high&area=mail"
shoot html-evidence "#evidence/mailboxPermissions?f.inherited=false&sort=mailboxAddress"
box=$(grep -o '"mailbox":"[^"]*","mailboxAddress":"ap@[^"]*","principal"' "$work/review/report.json" | head -n 1 | cut -d '"' -f 4)
[ -n "$box" ] || { echo "nobody can reach the mailbox of the picture" >&2; exit 1; }
shoot html-access "#access/mailbox?of=$box"
shoot html-dark "#overview" --blink-settings=preferredColorScheme=0

# Only the pages of the review sheets are made; which of them begins a sheet is in its footer.
soffice=$(command -v soffice || command -v libreoffice)
"$soffice" -env:UserInstallation="file://$work/office" --headless --convert-to \
	'pdf:calc_pdf_Export:{"PageRange":{"type":"string","value":"1-16"}}' --outdir "$work" "$work/review/review.xlsx" >"$work/log" 2>&1
page() { # name sheet resolution x y width height: the first page with the sheet's name in its footer
	n=1
	until pdftotext -f $n -l $n -layout "$work/review.pdf" - | grep -q "^ *$2  .*Page $n of"; do
		n=$((n + 1))
		[ $n -le 16 ] || { echo "no page of sheet $2" >&2; return 1; }
	done
	pdftoppm -r "$3" -x "$4" -y "$5" -W "$6" -H "$7" -png -f $n -l $n -singlefile "$work/review.pdf" "$out/$1"
}
page workbook-cover Cover 110 30 60 850 590
page workbook-findings Findings 82 14 46 1272 416
ls -l "$out"
