#!/usr/bin/env bash
# Runs the worked examples, each program in a data folder of its own, and verifies them twice: with privity, and with stock openssl alone.
#
#   scripts/run-example.sh PRIVITY [DIR]
set -euo pipefail
privity=$1
dir=${2:-$(mktemp -d /tmp/privity.XXXXXX)/data}
mkdir -p "$dir"
for program in ${PROGRAMS:-mphp icb sgv-camft structured mscsw}; do
    case $program in
        mphp) clock=2026-01-05T08:00 ;; icb) clock=2026-02-02T08:00 ;; sgv-camft) clock=2026-03-02T08:00 ;;
        structured) clock=2026-01-12T08:00 ;; mscsw) clock=2026-09-14T08:00 ;;
    esac
    echo "==== $program"
    "$privity" policy check "Policies/$program.yaml"
    "$privity" init "$dir/$program" --policy "Policies/$program.yaml" --example --clock "$clock"
    "$privity" apply "$dir/$program" "Policies/examples/$program.jsonl"
    echo
    echo "== privity audit verify"
    "$privity" audit verify "$dir/$program"
    echo
    echo "== stock openssl (Kit/verify.sh), on what an auditor is given"
    export=$(mktemp -d)
    "$privity" audit export "$dir/$program" "$export/log" --include-today
    sh Kit/verify.sh all "$export/log"
    rm -rf "$export"
    echo
done
echo "The data folders stay at $dir; try: $privity case list $dir/mphp --coordinator name:Lindqvist"
