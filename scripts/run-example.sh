#!/usr/bin/env bash
# Runs the worked example in a new data folder and verifies it twice: with privity, and with stock openssl alone.
#
#   scripts/run-example.sh PRIVITY [DIR]
set -euo pipefail
privity=$1
dir=${2:-$(mktemp -d /tmp/privity.XXXXXX)/data}
echo "data folder: $dir"
"$privity" init "$dir" --policy Policies/mphp.yaml --example --clock 2026-01-05T08:00
"$privity" apply "$dir" Policies/examples/mphp.jsonl
echo
echo "== privity audit verify"
"$privity" audit verify "$dir"
echo
echo "== stock openssl (Kit/verify.sh), on what an auditor is given"
export=$(mktemp -d)
trap 'rm -rf "$export"' EXIT
"$privity" audit export "$dir" "$export/log" --include-today
sh Kit/verify.sh "$export/log"
echo
echo "The data folder stays at $dir; try: $privity case list $dir --coordinator name:Lindqvist"
