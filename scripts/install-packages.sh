#!/usr/bin/env bash
# Installs the Debian packages that building (and, with "test" or "bench", testing or measuring) needs. Asks dpkg first:
# a machine that has them pays nothing.
set -euo pipefail
build=(libssl-dev libsqlite3-dev libphonenumber-dev libheif-dev libjpeg62-turbo-dev libqrencode-dev pkg-config openssl)
test=("${build[@]}" dash sqlite3 spin gcc libc6-dev graphviz python3-jsonschema python3-yaml
    python3-venv golang-go golang-golang-x-mod-dev strace chromium chromium-driver zbar-tools msmtp curl iproute2)
bench=("${build[@]}" gcc libc6-dev wrk golang-go golang-golang-x-mod-dev python3-venv)
declare -n want="${1:-build}"
missing=()
for package in "${want[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
echo "installing ${missing[*]}" >&2
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
