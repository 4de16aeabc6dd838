#!/bin/sh
# Verifies what Privity recorded with stock openssl and a POSIX shell; nothing of Privity's is used.
#
#   sh verify.sh all EXPORT                           every record, key and file, the root and the head (small logs; else verify.go)
#   sh verify.sh record NOTE KEY                      one record
#   sh verify.sh checkpoint NOTE KEY                  one head
#   sh verify.sh cosignature NOTE KEY                 a witness's line on a head
#   sh verify.sh inclusion NOTE PROOF KEY             a record is in the log (a receipt)
#   sh verify.sh consistency OLD-NOTE REQUEST KEY     the head in REQUEST continues the old head
#   sh verify.sh commitment PATH VALUE OPENING STATED a revealed value is the one that was committed to
#
# KEY is a verifier key or a file that holds one. Ends 0 and says "verified", 1 with the first thing that is wrong, 2 for wrong use.
set -uf; export LC_ALL=C; fail() { printf 'NOT verified: %s\n' "$1" | tr -d '\000-\011\013-\037\177'; exit 1; }
usage() { sed -n '4,11s/^#   sh /usage: /p' "$0" >&2; exit 2; }
work=$(mktemp -d) || exit 3; trap 'rm -rf "$work"' EXIT; hex() { od -An -v -tx1 | tr -d ' \n'; }; sha256() { openssl dgst -sha256 -binary; }
leaf() { { printf '\000'; cat "$1"; } | sha256 > "$2"; }; node() { { printf '\001'; cat "$1" "$2"; } | sha256 > "$3.new"; mv "$3.new" "$3"; }
number() { case $1 in 0 | [1-9]*) case $1 in *[!0-9]* | ????????????????*) return 1 ;; esac ;; *) return 1 ;; esac; }; text_of() { [ -f "$1" ] && cat "$1" || printf %s "$1"; }

# A verifier key is name+id+base64(type, public key); DER wants 12 bytes before the 32 of the key. Sets key_name, key_id, key_pem.
use_key() { # key type
    key=$1; key_name=${key%%+*}; rest=${key#*+}; stated=${rest%%+*}; key64=${rest#*+}
    printf %s "$key64" | openssl base64 -d -A > "$work/key" 2>/dev/null
    [ "$(wc -c < "$work/key")" -eq 33 ] && [ "$(head -c 1 "$work/key" | hex)" = "$2" ] || fail "not a verifier key of type $2"
    key_id=$({ printf '%s\n' "$key_name"; cat "$work/key"; } | sha256 | head -c 4 | hex)
    [ "$stated" = "$key_id" ] || fail "a verifier key with another key's id"
    key_pem=$work/$key_id.pem
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; tail -c 32 "$work/key"; } |
        openssl pkey -pubin -inform DER -out "$key_pem" 2>/dev/null || fail "not an Ed25519 key"
}

# Splits a note at its last blank line into text and signature lines, and refuses what is not spelled as a note is.
split_note() { # note what
    awk '{ l[NR] = $0 } /^$/ { e = NR } END { for (i = 1; i <= NR; i++) if (i < e) print l[i] > t; else if (i > e) print l[i] > s }' \
        t="$work/text" s="$work/sigs" "$1" 2>/dev/null
    [ -s "$work/text" ] && [ -s "$work/sigs" ] && { cat "$work/text"; echo; cat "$work/sigs"; } | cmp -s - "$1" || fail "$2: not a signed note"
    [ "$(wc -l < "$work/sigs")" -le 100 ] || fail "$2: more than 100 signatures"
    ! grep -qv '^— [^ +][^ +]* [A-Za-z0-9+/]*=*$' "$work/sigs" || fail "$2: bytes after the signatures, or a line that is none"
    while read -r dash name line; do printf %s "$line" | openssl base64 -d -A > "$work/raw"
        [ "$(openssl base64 -A < "$work/raw")" = "$line" ] && [ "$(wc -c < "$work/raw")" -gt 4 ] || fail "$2: a signature that is not base64"
    done < "$work/sigs"
    iconv -f UTF-8 -t UTF-8 < "$1" 2>/dev/null | tr -d '\001-\011\013-\037\177' | cmp -s - "$1" || fail "$2: a control character, or not UTF-8"
}

# Checks the line of the key in use: its id, its signature, and how many lines bear its name.
check_line() { # what lines-of-this-name
    sig=$(awk -v n="$key_name" '$1 == "—" && $2 == n { print $3 }' "$work/sigs")
    [ "$(printf '%s\n' "$sig" | grep -c .)" -eq "$2" ] || fail "$1: $(printf '%s\n' "$sig" | grep -c .) lines of $key_name, expected $2"
    for line in $sig; do
        printf %s "$line" | openssl base64 -d -A > "$work/raw"
        [ "$(head -c 4 "$work/raw" | hex)" = "$key_id" ] && tail -c +5 "$work/raw" > "$work/sig" && found=$line
    done
    [ "${found:-}" ] || fail "$1: signed by another key of this name"
    found=; cp "$work/text" "$work/message"; if [ "${cosigning:-}" ]; then # eight bytes of time before the signature, two lines before the text
        seconds=$(printf %d "0x$(head -c 8 "$work/sig" | hex)"); tail -c +9 "$work/sig" > "$work/raw"; mv "$work/raw" "$work/sig"
        { printf 'cosignature/v1\ntime %d\n' "$seconds"; cat "$work/text"; } > "$work/message"
    fi
    openssl pkeyutl -verify -pubin -inkey "$key_pem" -rawin -in "$work/message" -sigfile "$work/sig" > /dev/null 2>&1 ||
        fail "$1: the signature does not verify"
}

# Sets origin, size and root from the checkpoint that was split last.
read_head() { # what
    origin=$(sed -n 1p "$work/text"); size=$(sed -n 2p "$work/text"); root=$(sed -n 3p "$work/text"); [ "$(wc -l < "$work/text")" -eq 3 ] && number "$size" || fail "$1: not a checkpoint"
}
check_head() { split_note "$1" "$2"; check_line "$2" 1; read_head "$2"; [ "$origin" = "$key_name" ] || fail "$2: of another log"; }

# Walks up from hash files; sn is what is left of the last place, fn of ours. RFC 9162 sections 2.1.3.2 and 2.1.4.2.
climb() { # steps... ; moves $work/new, and $work/old where ours is a right child
    for step in "$@"; do [ "$sn" -gt 0 ] || fail "proof: too long"
        printf %s "$step" | openssl base64 -d -A > "$work/step"; [ "$(wc -c < "$work/step")" -eq 32 ] || fail "proof: not a hash"
        if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
            node "$work/step" "$work/new" "$work/new"; node "$work/step" "$work/old" "$work/old"
            while [ $((fn & 1)) -eq 0 ] && [ "$fn" -gt 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
        else node "$work/new" "$work/step" "$work/new"; fi; fn=$((fn >> 1)); sn=$((sn >> 1))
    done; [ "$sn" -eq 0 ] || fail "proof: too short"
}
is_root() { [ "$(openssl base64 -A < "$1")" = "$2" ] || fail "$3"; }

case ${1:-}/$# in
record/3) use_key "$(text_of "$3")" 01; split_note "$2" record; check_line record 1; case $(sed -n 1p "$work/text") in "${key_name%record}"*) ;; *) fail "record: of another log" ;; esac
    echo "record: signed by $key_name: verified" ;;
checkpoint/3) use_key "$(text_of "$3")" 01; check_head "$2" checkpoint; echo "checkpoint: $size records of $origin: verified" ;;
cosignature/3) use_key "$(text_of "$3")" 04; cosigning=1; split_note "$2" checkpoint; check_line checkpoint 1; read_head checkpoint
    echo "cosignature: $key_name saw $size records of $origin at $seconds: verified" ;;
inclusion/4) use_key "$(text_of "$4")" 01; sed '1,/^$/d' "$3" > "$work/head"; check_head "$work/head" proof
    fn=$(sed -n '2s/^index //p' "$3"); number "$fn" && [ "$fn" -lt "$size" ] && [ "$(sed -n 1p "$3")" = "c2sp.org/tlog-proof@v1" ] || fail "proof: not a proof"
    index=$fn; sn=$((size - 1)); leaf "$2" "$work/new"; cp "$work/new" "$work/old"; climb $(sed '1,2d;/^$/,$d' "$3")
    is_root "$work/new" "$root" "proof: does not lead to the signed root"; echo "inclusion: record $index of $size: verified" ;;
consistency/4) use_key "$(text_of "$4")" 01; check_head "$2" "old checkpoint"; first=$size; first_root=$root
    sed '1,/^$/d' "$3" > "$work/head"; check_head "$work/head" request
    [ "$(sed -n 1p "$3")" = "old $first" ] && [ "$first" -le "$size" ] || fail "request: for another old head"
    set -- $(sed '1d;/^$/,$d' "$3")
    if [ "$first" -eq "$size" ] || [ "$first" -eq 0 ]; then
        [ $# -eq 0 ] && { [ "$first" -eq 0 ] || [ "$first_root" = "$root" ]; } || fail "two histories of the same $first records"
    else
        fn=$((first - 1)); sn=$((size - 1)); while [ $((fn & 1)) -eq 1 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
        if [ $((first & (first - 1))) -eq 0 ]; then start=$first_root; else start=${1:-}; [ $# -eq 0 ] || shift; fi
        printf %s "$start" | openssl base64 -d -A > "$work/new"; cp "$work/new" "$work/old"; climb "$@"
        is_root "$work/old" "$first_root" "the proof does not lead to the old head"; is_root "$work/new" "$root" "the proof does not lead to the new head"
    fi
    echo "consistency: $size records continue $first: verified" ;;
commitment/5) [ "$(printf '%s\000%s' "$2" "$3" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$4" -binary 2>/dev/null | openssl base64 -A)" = "$5" ] ||
        fail "commitment: of another value, or another opening"; echo "commitment: $2 is what was committed to: verified" ;;
all/2) dir=$2; split_note "$dir/checkpoint" checkpoint; read_head checkpoint; total=$size signed_root=$root; log=$origin; count=0; stack=; awaited=; [ "$total" -gt 0 ] || fail "checkpoint: of an empty log"
    while [ "$count" -lt "$total" ]; do
        if [ $((count & 255)) -eq 0 ]; then # the next bundle: c2sp.org/tlog-tiles
            n=$((count / 256)); path=$(printf %03d $((n % 1000))); at=1; left=$((total - count))
            while [ "$n" -ge 1000 ]; do n=$((n / 1000)); path=$(printf x%03d/%s $((n % 1000)) "$path"); done; [ "$left" -ge 256 ] || path=$path.p/$left
            bundle=$dir/tile/entries/$path; [ -f "$bundle" ] || fail "tile/entries/$path: missing"
        fi
        length=$((0x0$(tail -c "+$at" "$bundle" | head -c 2 | hex))); tail -c "+$((at + 2))" "$bundle" | head -c "$length" > "$work/entry"
        [ "$(wc -c < "$work/entry")" -eq "$length" ] && [ "$length" -gt 0 ] || fail "record $count: cut off"; at=$((at + 2 + length))
        what="record $count"; split_note "$work/entry" "$what"; type=$(sed -n 1p "$work/text"); json=$(sed -n 2p "$work/text"); case $type in "$log/"*) type=${type#"$log/"} ;; *) fail "$what: of another log" ;; esac
        member() { printf %s "$json" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }; [ -z "$awaited" ] || [ "$type" = key/v1 ] || fail "$what: by a revoked key"
        case $count/$type in
        0/genesis/v1) record=$(member record); logkey=$(member log); recovery=$(member recovery); use_key "$record" 01; signers=1; check_line "$what" 1
            printf 'fingerprint of this log, to compare with your paper: %s\n' "$(sha256 < "$work/entry" | hex)" ;;
        0/* | */genesis/v1) fail "$what: a log begins with its genesis record, and has one" ;;
        */key/v1) new=$(member key); role=$(member role); case $role in log) old=$logkey ;; record) old=$record ;; *) fail "$what: no such role" ;; esac; [ "${new%%+*}" = "${old%%+*}" ] || fail "$what: a key of another name"
            case $(member state)/$awaited in
            revoked/) [ "$new" = "$old" ] || fail "$what: revokes a key that is not in force"; awaited=$role; set -- "$recovery"; echo "$what revokes the $role key: trust only what witnesses had signed before" ;;
            active/"$role") awaited=; set -- "$recovery" "$new" ;;
            active/) [ "$new" != "$old" ] || fail "$what: the key is in force already"; case $role in log) set -- "$record" "$old" "$new" ;; *) set -- "$old" "$new" ;; esac ;;
            *) fail "$what: by a revoked key" ;; esac
            [ -n "$awaited" ] || [ "$(member from)" = $((count + 1)) ] || fail "$what: not in force from the next record on"
            signers=$#; for key in "$@"; do same=0; for other in "$@"; do [ "${other%%+*}" != "${key%%+*}" ] || same=$((same + 1)); done; use_key "$key" 01; check_line "$what" "$same"; done; if [ "$role" = log ]; then logkey=$new; else record=$new; fi; use_key "$record" 01 ;;
        */policy/v1 | */acknowledgement/v1 | */release/v1 | */disclosure/v1 | */rescission/v1 | */closing/v1 | */error/v1) signers=1; check_line "$what" 1 ;;
        *) fail "$what: of no type that is known" ;; esac
        [ "$(wc -l < "$work/sigs")" -eq "$signers" ] || fail "$what: a signature too many"
        id=$(member release); if [ -n "$id" ]; then # within its release: in sequence, and disclosed only while it stands
            [ ${#id} -eq 32 ] && [ -z "$(printf %s "$id" | tr -d 0-9a-f)" ] && [ "$(cat "$work/seq.$id" 2>/dev/null || echo 0)" = "$(member seq)" ] || fail "$what: out of sequence"
            echo $(($(member seq) + 1)) > "$work/seq.$id" || fail "$what: no room"
            case $type in release/v1) : > "$work/own.$id" ;; disclosure/v1) [ -f "$work/own.$id" ] && [ ! -f "$work/end.$id" ] || fail "$what: disclosed without a release that stands" ;; error/v1) ;; *) : > "$work/end.$id" ;; esac; fi
        leaf "$work/entry" "$work/tree.$count"; stack="$count $stack"; bits=$count
        while [ $((bits & 1)) -eq 1 ]; do set -- $stack; node "$work/tree.$2" "$work/tree.$1" "$work/tree.$2"; shift; stack=$*; bits=$((bits >> 1)); done
        count=$((count + 1)); [ $((count & 255)) -ne 0 ] && [ "$count" -lt "$total" ] || [ "$at" -eq $(($(wc -c < "$bundle") + 1)) ] || fail "tile/entries/$path: more than its entries"
    done
    [ -z "$awaited" ] || fail "the log ends with a revocation and no key in its place"; set -- $stack; top=$1; shift; for left in "$@"; do node "$work/tree.$left" "$work/tree.$top" "$work/tree.$top"; done
    is_root "$work/tree.$top" "$signed_root" "the root over all records is not the one that was signed"
    split_note "$dir/manifest" manifest; check_line manifest 1; sed 1,3d "$work/text" > "$work/files"
    [ "$(sed -n 1,3p "$work/text")" = "$(printf '%s/manifest/v1\nsize %s\nroot %s' "$log" "$total" "$signed_root")" ] || fail "manifest: of another head"
    while read -r digest file; do case /$file/ in */../* | //*) fail "manifest: not a path: $file" ;; esac; [ "$(openssl dgst -sha256 -r < "$dir/$file" 2>/dev/null | cut -d' ' -f1)" = "$digest" ] || fail "$file: missing or changed"; done < "$work/files"
    [ "$(find "$dir" ! -type d | wc -l)" -eq $(($(wc -l < "$work/files") + 1)) ] || fail "a file that the manifest does not list"
    [ "$(cat "$dir/keys/log.vkey" "$dir/keys/record.vkey")" = "$(printf '%s\n%s' "$logkey" "$record")" ] || fail "keys: not those that the log states"
    use_key "$logkey" 01; check_head "$dir/checkpoint" checkpoint
    echo "$total records, every signature, every file and the root: verified with $(openssl version | cut -d' ' -f1,2)" ;;
*) usage ;;
esac
