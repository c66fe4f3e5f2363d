#!/bin/sh
# Installs what the report tests open reviews with: Chromium and LibreOffice Calc, and the
# accessibility rules that are run in the page (axe-core, pinned in tools/web).
# Needs a Debian-like system and root (or sudo); elsewhere it says what is missing.
set -eu

have() { command -v "$1" >/dev/null 2>&1; }

missing=""
if ! have chromium && ! have chromium-browser && ! have google-chrome; then missing="$missing chromium"; fi
if ! have soffice && ! have libreoffice; then missing="$missing libreoffice-calc"; fi
if ! have pdftoppm; then missing="$missing poppler-utils"; fi
axe=tools/web/node_modules/axe-core/axe.min.js
if [ -z "${TENANTAUDIT_NO_BROWSER:-}" ] && [ ! -f $axe ] && ! have npm; then missing="$missing npm"; fi
web() {
	if [ -n "${TENANTAUDIT_NO_BROWSER:-}" ] || [ -f $axe ]; then return 0; fi
	echo "deps: installing axe-core"
	npm --prefix tools/web ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
}
if [ -z "$missing" ]; then
	web
	exit 0
fi

if [ -n "${TENANTAUDIT_NO_BROWSER:-}" ] && [ -n "${TENANTAUDIT_NO_OFFICE:-}" ]; then exit 0; fi
if ! have apt-get; then
	echo "deps: cannot install$missing here (no apt-get): install them by hand, or set TENANTAUDIT_NO_BROWSER=1 TENANTAUDIT_NO_OFFICE=1 to leave those tests out" >&2
	exit 1
fi
sudo=""
if [ "$(id -u)" != 0 ]; then
	have sudo || { echo "deps: installing$missing needs root: run 'apt-get install$missing' as root, or set TENANTAUDIT_NO_BROWSER=1 TENANTAUDIT_NO_OFFICE=1" >&2; exit 1; }
	sudo="sudo"
fi
echo "deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing fonts-dejavu-core >/dev/null
web
