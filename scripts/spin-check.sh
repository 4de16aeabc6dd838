#!/bin/sh
# Checks P1, P2, P4, P5, P7 and P9 of a Promela model with spin; prints the properties that fail, one a line, and nothing where all hold.
#
#   privity policy promela FILE | scripts/spin-check.sh
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat > "$dir/model.pml"
cd "$dir"
spin -a model.pml > spin.log 2>&1 || { cat spin.log >&2; exit 3; }
gcc -O0 -w -DSAFETY -DNOFAIR -DVECTORSZ=1024 -DMEMLIM=1500 -o pan pan.c 2> gcc.log || { cat gcc.log >&2; exit 3; }
# Every error, to the end of the state space: one property must not hide another.
./pan -c0 -m500000 -w22 > pan.log 2>&1 || true
grep -q '^State-vector' pan.log && ! grep -q 'max search depth too small\|out of memory' pan.log || { tail -n 5 pan.log >&2; exit 3; }
sed -n 's/.*assertion violated.*bad!=\([0-9]\).*/P\1/p' pan.log | sort -u
