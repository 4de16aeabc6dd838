#!/bin/sh
# Verifies a folder made by `privity audit export`, with stock openssl and a POSIX shell; nothing of ours is needed.
#
#   sh Kit/verify.sh EXPORT [LOG-KEY RECORD-KEY]
#
# The two keys are the verifier keys that you hold on paper; without them the ones in the export are taken, and said so.
# Checks: every record's signature, the head's signature, the root over all records, and every inclusion proof.
# Ends 0 and says "verified", or ends 1 with the first thing that is wrong.
set -eu
export LC_ALL=C

dir=${1:?usage: verify.sh EXPORT [LOG-KEY RECORD-KEY]}
fail() { printf 'NOT verified: %s\n' "$1"; exit 1; }
[ -f "$dir/checkpoint" ] && [ -d "$dir/entries" ] || fail "$dir is not an export"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

log_key=${2:-$(cat "$dir/keys/log.vkey")}
record_key=${3:-$(cat "$dir/keys/record.vkey")}
[ $# -ge 3 ] || printf 'keys: taken from the export itself; compare them with your paper:\n  %s\n  %s\n' "$log_key" "$record_key"

# A verifier key is name+id+base64(type, public key); base64 may hold a + itself. DER wants 12 bytes before the 32 of the key.
key_to_pem() {
    rest=${1#*+}; stated=${rest%%+*}; base64=${rest#*+}
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; printf %s "$base64" | openssl base64 -d -A | tail -c 32; } |
        openssl pkey -pubin -inform DER -out "$2" 2>/dev/null || fail "not a verifier key"
    id=$({ printf '%s\n' "${1%%+*}"; printf %s "$base64" | openssl base64 -d -A; } | openssl dgst -sha256 -binary | head -c 4 |
        od -An -v -tx1 | tr -d ' \n')
    [ "$stated" = "$id" ] || fail "verifier key with another key's id"
}
key_to_pem "$log_key" "$work/log.pem"; log_id=$id
key_to_pem "$record_key" "$work/record.pem"; record_id=$id

# Splits a signed note and checks its one signature by the named key.
check_note() { # note name id pem what
    awk 'p { print > s; next } /^$/ { p = 1; next } { print > b }' b="$work/body" s="$work/sigs" "$1"
    [ "$(wc -l < "$work/sigs")" -eq 1 ] || fail "$5: not exactly one signature"
    { cat "$work/body"; echo; cat "$work/sigs"; } | cmp -s - "$1" || fail "$5: not a signed note"
    sig=$(awk -v n="$2" '$1 == "—" && $2 == n && NF == 3 { print $3 }' "$work/sigs")
    [ -n "$sig" ] || fail "$5: not signed by $2"
    printf %s "$sig" | openssl base64 -d -A > "$work/raw"
    [ "$(openssl base64 -A < "$work/raw")" = "$sig" ] || fail "$5: signature is not base64"
    [ "$(head -c 4 "$work/raw" | od -An -v -tx1 | tr -d ' \n')" = "$3" ] || fail "$5: signature names another key"
    tail -c +5 "$work/raw" > "$work/sig"
    openssl pkeyutl -verify -pubin -inkey "$4" -rawin -in "$work/body" -sigfile "$work/sig" > /dev/null 2>&1 ||
        fail "$5: signature does not verify"
}

# The head.
check_note "$dir/checkpoint" "${log_key%%+*}" "$log_id" "$work/log.pem" "checkpoint"
origin=$(sed -n 1p "$work/body"); size=$(sed -n 2p "$work/body"); root=$(sed -n 3p "$work/body")
[ "$origin" = "${log_key%%+*}" ] || fail "checkpoint: of another log"
[ "$(ls "$dir/entries" | wc -l)" -eq "$size" ] || fail "checkpoint: names $size records, the export has $(ls "$dir/entries" | wc -l)"

leaf() { { printf '\000'; cat "$1"; } | openssl dgst -sha256 -binary > "$2"; }
node() { { printf '\001'; cat "$1" "$2"; } | openssl dgst -sha256 -binary > "$3.new"; mv "$3.new" "$3"; }

# Every record: its signature, and its leaf merged into the perfect subtrees of RFC 6962, one file for each.
count=0; stack=
for note in "$dir"/entries/*.note; do
    name=$(printf '%06d' "$count")
    [ "$(basename "$note")" = "$name.note" ] || fail "record $count is missing"
    check_note "$note" "${record_key%%+*}" "$record_id" "$work/record.pem" "record $count"
    case $(sed -n 1p "$work/body") in "$origin"/*/v1) ;; *) fail "record $count: of another log" ;; esac
    leaf "$note" "$work/leaf.$count"
    cp "$work/leaf.$count" "$work/tree.$count"; stack="$count $stack"
    bits=$count
    while [ $((bits & 1)) -eq 1 ]; do
        set -- $stack; right=$1; left=$2; shift 2
        node "$work/tree.$left" "$work/tree.$right" "$work/tree.$left"
        stack="$left $*"; bits=$((bits >> 1))
    done
    count=$((count + 1))
done
[ "$count" -gt 0 ] || fail "no records"
set -- $stack; top=$1; shift
for left in "$@"; do node "$work/tree.$left" "$work/tree.$top" "$work/tree.$top"; done
[ "$(openssl base64 -A < "$work/tree.$top")" = "$root" ] || fail "the root over all records is not the one that was signed"

# Every inclusion proof (RFC 9162 section 2.1.3.2).
index=0
while [ "$index" -lt "$size" ]; do
    proof=$dir/proofs/$(printf '%06d' "$index").tlog-proof
    [ "$(sed -n 1p "$proof")" = "c2sp.org/tlog-proof@v1" ] && [ "$(sed -n 2p "$proof")" = "index $index" ] ||
        fail "proof $index: not a proof of this record"
    sed '1,/^$/d' "$proof" | cmp -s - "$dir/checkpoint" || fail "proof $index: leads to another head"
    cp "$work/leaf.$index" "$work/hash"; fn=$index; sn=$((size - 1))
    for step in $(sed '1,2d;/^$/,$d' "$proof"); do
        [ "$sn" -gt 0 ] || fail "proof $index: too long"
        printf %s "$step" | openssl base64 -d -A > "$work/step"
        if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
            node "$work/step" "$work/hash" "$work/hash"
            while [ $((fn & 1)) -eq 0 ] && [ "$fn" -gt 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
        else
            node "$work/hash" "$work/step" "$work/hash"
        fi
        fn=$((fn >> 1)); sn=$((sn >> 1))
    done
    [ "$sn" -eq 0 ] && [ "$(openssl base64 -A < "$work/hash")" = "$root" ] || fail "proof $index: does not lead to the signed root"
    index=$((index + 1))
done
# Every policy that a record names, by its SHA-256.
for digest in $(sed -n 's/.*"policy":"\([0-9a-f]\{64\}\)".*/\1/p' "$dir"/entries/*.note | sort -u); do
    [ "$(openssl dgst -sha256 -r < "$dir/policy/$digest.json" 2>/dev/null | cut -d' ' -f1)" = "$digest" ] || fail "policy $digest: missing or changed"
done
[ "$(ls "$dir/policy" | wc -l)" -eq "$(sed -n 's/.*"policy":"\([0-9a-f]\{64\}\)".*/\1/p' "$dir"/entries/*.note | sort -u | wc -l)" ] ||
    fail "policy: a file that no record names"
printf '%s records, every signature, the root and every proof: verified with %s\n' "$size" "$(openssl version | cut -d' ' -f1,2)"
