#!/usr/bin/env bash
# Writes docs/programs/NAME.md for each shipped policy, from the policy itself: its diagram, who sees what, what its source leaves open, and where each
# sentence of the source is kept.
#
#   scripts/write-program-pages.sh PRIVITY [FOLDER]
set -euo pipefail
privity=$1
folder=${2:-docs/programs}
mkdir -p "$folder"
for name in mphp icb sgv-camft structured mscsw; do
    {
        echo "# $name"
        echo
        echo "Written by \`scripts/write-program-pages.sh\` from \`Policies/$name.yaml\`; a test compares. The worked example is \`Policies/examples/$name.jsonl\`."
        echo
        "$privity" policy graph "Policies/$name.yaml" | awk '/^%%/ { print "```mermaid" } { if ($0 == "") { if (open) print "```"; open = 0; print "" } else { open = 1; print } } END { if (open) print "```" }'
        echo '```text'
        "$privity" policy explain "Policies/$name.yaml"
        echo '```'
        scripts/write-source-table.py "docs/sources/$name.csv"
    } > "$folder/$name.md"
done
