#!/bin/sh
# Fuzzes every parser of Fuzz/Fuzz.swift for so many seconds each, beginning with the inputs in Fuzz/corpus:
#
#   scripts/fuzz.sh [SECONDS] [TARGET...]      600 seconds and every target, if nothing is said
#
# New inputs go to .build-fuzz/corpus; an input that ends the process is kept as Fuzz/corpus/TARGET/crash-… and the status
# is 1. `make test` reads the whole of Fuzz/corpus once (FuzzCorpusTests).
set -u
cd "$(dirname "$0")/.." || exit 3
seconds=${1:-600}; [ $# -eq 0 ] || shift
export PRIVITY_FUZZ=1 SWIFT_BACKTRACE=enable=no
swift build -c debug --sanitize fuzzer --scratch-path .build-fuzz --product fuzz || exit 3
program=$(swift build -c debug --sanitize fuzzer --scratch-path .build-fuzz --show-bin-path)/fuzz
[ $# -gt 0 ] || set -- $(ls Fuzz/corpus)
status=0
for target in "$@"; do
    mkdir -p ".build-fuzz/corpus/$target" "Fuzz/corpus/$target"
    more=; [ "$target" != policy ] || more=Policies
    PRIVITY_FUZZ_TARGET=$target "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
        -artifact_prefix="Fuzz/corpus/$target/" ".build-fuzz/corpus/$target" "Fuzz/corpus/$target" $more \
        > ".build-fuzz/$target.log" 2>&1 || { status=1; echo "$target: an input ended the process"; }
    printf '%s: %s\n' "$target" "$(grep -E '^(#[0-9]+.*DONE|Done)' ".build-fuzz/$target.log" | tail -n 1)"
done
exit $status
