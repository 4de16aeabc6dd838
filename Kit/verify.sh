#!/bin/sh
# Verifies what Privity recorded with stock openssl and a POSIX shell; nothing of Privity's is used.
#
#   sh verify.sh all EXPORT [COSIGNED KEY]            every record, rule, key and file, every hash and the head (small logs; else verify.go)
#   sh verify.sh record NOTE KEY                      one record
#   sh verify.sh checkpoint NOTE KEY                  one head
#   sh verify.sh cosignature NOTE KEY                 a witness's line on a head
#   sh verify.sh inclusion NOTE PROOF KEY             a record is in the log (a receipt)
#   sh verify.sh consistency OLD-NOTE REQUEST KEY     the head in REQUEST continues the old head
#   sh verify.sh commitment PATH VALUE OPENING STATED a revealed value is the one that was committed to
#
# KEY is a verifier key or a file that holds one; COSIGNED a head that the witness KEY signed, for a log with a revoked record key.
# Ends 0 and says "verified", 1 with the first thing that is wrong, 2 for wrong use.
set -uf; export LC_ALL=C; say() { printf '%s' "$1" | tr -cd ' -~'; echo; }; fail() { say "NOT verified: $1"; exit 1; }
usage() { sed -n '4,11s/^#   sh /usage: /p' "$0" >&2; exit 2; }
work=$(mktemp -d) || exit 3; trap 'rm -rf "$work"' EXIT; hex() { od -An -v -tx1 | tr -d ' \n'; }; sha256() { openssl dgst -sha256 -binary; }
leaf() { { printf '\000'; cat "$1"; } | sha256 > "$2"; }; node() { { printf '\001'; cat "$1" "$2"; } | sha256 > "$3.new"; mv "$3.new" "$3"; }
number() { case $1 in 0 | [1-9]*) case $1 in *[!0-9]* | ???????????????????*) return 1 ;; esac ;; *) return 1 ;; esac; }; text_of() { [ -f "$1" ] && cat "$1" || printf %s "$1"; }
one_hash='^[A-Za-z0-9+/]\{42\}[AEIMQUYcgkosw048]=$' # the one spelling of 32 bytes in base64

# A verifier key is name+id+base64(type, public key); DER wants 12 bytes before the 32 of the key. Sets key_name, key_id, key_pem.
use_key() { # key type
    key=$1; key_name=${key%%+*}; rest=${key#*+}; stated=${rest%%+*}; key64=${rest#*+}; case $key_name in '' | *[!!-~]*) fail "not a verifier key" ;; esac
    printf %s "$key64" | openssl base64 -d -A > "$work/key" 2>/dev/null
    [ "$(wc -c < "$work/key")" -eq 33 ] && [ "$(head -c 1 "$work/key" | hex)" = "$2" ] && [ "$(openssl base64 -A < "$work/key")" = "$key64" ] || fail "not a verifier key of type $2"
    key_id=$({ printf '%s\n' "$key_name"; cat "$work/key"; } | sha256 | head -c 4 | hex)
    [ "$stated" = "$key_id" ] || fail "a verifier key with another key's id"
    key_pem=$work/$key_id.pem
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; tail -c 32 "$work/key"; } |
        openssl pkey -pubin -inform DER -out "$key_pem" 2>/dev/null || fail "not an Ed25519 key"
}

# Splits a note at its last blank line into text and signature lines, and refuses what is not spelled as a note is.
split_note() { # note what [most bytes]
    [ "$(head -c $((${3:-65535} + 1)) "$1" 2>/dev/null | wc -c)" -le "${3:-65535}" ] || fail "$2: longer than ${3:-65535} bytes"
    awk '{ l[NR] = $0 } /^$/ { e = NR } END { for (i = 1; i <= NR; i++) if (i < e) print l[i] > t; else if (i > e) print l[i] > s }' \
        t="$work/text" s="$work/sigs" 2>/dev/null < "$1"
    [ -s "$work/text" ] && [ -s "$work/sigs" ] && { cat "$work/text"; echo; cat "$work/sigs"; } | cmp -s - "$1" || fail "$2: not a signed note"
    [ "$(wc -l < "$work/sigs")" -le 100 ] || fail "$2: more than 100 signatures"
    ! grep -qv '^— [!-*,-~][!-*,-~]* [A-Za-z0-9+/]*=*$' "$work/sigs" || fail "$2: bytes after the signatures, or a line that is none"
    while read -r dash name line; do printf %s "$line" | openssl base64 -d -A > "$work/raw"
        [ "$(openssl base64 -A < "$work/raw")" = "$line" ] && [ "$(wc -c < "$work/raw")" -gt 4 ] || fail "$2: a signature that is not base64"
    done < "$work/sigs"
    ! grep -q '[^ -~]' "$work/text" || fail "$2: something else than printable ASCII"
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
only_lines() { [ "$(wc -l < "$work/sigs")" -eq "$2" ] || fail "$1: a signature too many"; } # what lines
# Sets origin, size and root from the checkpoint that was split last.
read_head() { # what
    origin=$(sed -n 1p "$work/text"); size=$(sed -n 2p "$work/text"); root=$(sed -n 3p "$work/text")
    [ "$(wc -l < "$work/text")" -eq 3 ] && number "$size" && printf '%s\n' "$root" | grep -q "$one_hash" || fail "$1: not a checkpoint"; case $origin in '' | *[!!-*,-~]*) fail "$1: not an origin" ;; esac
}
check_head() { split_note "$1" "$2"; check_line "$2" 1; read_head "$2"; [ "$origin" = "$key_name" ] || fail "$2: of another log"; }

# Walks up from hash files; sn is what is left of the last place, fn of ours. RFC 9162 sections 2.1.3.2 and 2.1.4.2.
climb() { # steps... ; moves $work/new, and $work/old where ours is a right child
    for step in "$@"; do [ "$sn" -gt 0 ] || fail "proof: too long"; printf %s "$step" | openssl base64 -d -A > "$work/step"
        if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
            node "$work/step" "$work/new" "$work/new"; node "$work/step" "$work/old" "$work/old"
            while [ $((fn & 1)) -eq 0 ] && [ "$fn" -gt 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
        else node "$work/new" "$work/step" "$work/new"; fi; fn=$((fn >> 1)); sn=$((sn >> 1))
    done; [ "$sn" -eq 0 ] || fail "proof: too short"
}
hashes() { # file first-line ; the hashes of a proof, in $work/hashes, and its head, in $work/head
    sed '1,/^$/d' "$1" > "$work/head"; sed "1,$(($2 - 1))d;/^\$/,\$d" "$1" > "$work/hashes"
    ! grep -qv "$one_hash" "$work/hashes" && [ "$(wc -l < "$work/hashes")" -le 63 ] || fail "proof: not a hash, or too many"
}
is_root() { [ "$(openssl base64 -A < "$1")" = "$2" ] || fail "$3"; } # file root why ; fold: out subtrees, the last first
fold() { to=$1; cp "$work/tree.$2" "$to"; shift 2; for left in "$@"; do node "$work/tree.$left" "$to" "$to"; done; }

# What records hold and in which order they stand: docs/formats.md, section 3. Reads lines of index, leaf, type and JSON. Prints the first fault and
# ends 1; else what each member holds (show=1), or the digests of the policies.
rules='
function fault(why) { print ($1 == "-" ? "record: " : "record " $1 ": ") why; failed = 1; exit 1 }
function is(c) { if (substr(s, 1, 1) != c) return 0; s = substr(s, 2); return 1 }; function put(path, k, v) { kind[path] = k; val[path] = v; members++ }
function take(pattern, why, out) { if (!match(s, pattern)) fault(why); out = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1); return out }
function plain(v, out, i) { while (i = index(v, "\\")) { out = out substr(v, 1, i - 1) substr(v, i + 1, 1); v = substr(v, i + 2) } return out v }
function value(path, depth, name, last, list) {
    if (s ~ /^"/) { name = take("^\"([^\"\\\\]|\\\\[\"\\\\])*\"", form); put(path, "text", plain(substr(name, 2, length(name) - 2))) }
    else if (s ~ /^[0-9]/) { name = take("^(0|[1-9][0-9]*)", form); if (length(name) > 16 || name + 0 > 9007199254740991) fault(form); put(path, "number", name) }
    else if (depth > 0 && is("{")) for (last = ""; ; last = name) {
        name = take("^\"[A-Za-z0-9]+\":", form); name = substr(name, 2, length(name) - 3); if (last "" >= name "") fault(form)
        value(path == "" ? name : path "." name, depth - 1); if (is("}")) return; if (!is(",")) fault(form)
    } else if (depth > 0 && is("[")) for (list = " "; ; list = list name " ") {
        name = take("^\"[A-Za-z]+\"", form); name = substr(name, 2, length(name) - 2); if (index(list, " " name " ")) fault("`" path "` names something twice")
        if (is("]")) { put(path, "list", list name " "); return }; if (!is(",")) fault(form)
    } else fault(form)
}
function is_day(v, y, m, d) { if (v !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$/) return 0
    y = substr(v, 1, 4) + 0; m = substr(v, 6, 2) + 0; d = substr(v, 9, 2) + 0; return y > 0 && m > 0 && m < 13 && d > 0 && d <= (m == 2 ? 28 + (y % 4 == 0 && y % 100 != 0 || y % 400 == 0) : 30 + (m == 4 || m == 6 || m == 9 || m == 11 ? 0 : 1))
}
function is_form(k, v, f, i, w) {
    if (f ~ /^\[/) { if (k != "list") return 0; for (i = split(v, w, " "); i > 0; i--) if (!index(f "|", "|" w[i] "|")) return 0; return 1 }
    if (f == "count" || f == "one" || k != "text") return k == "number" && (f == "count" || f == "one" && v == "1")
    if (f ~ /^=/) return v ~ /^[A-Za-z]+$/ && index(f "|", "|" v "|"); if (f == "day") return is_day(v)
    if (f == "digest" || f == "id") return length(v) == (f == "id" ? 32 : 64) && v !~ /[^0-9a-f]/; if (f == "hash") return length(v) == 44 && v ~ /^[A-Za-z0-9+\/]+[AEIMQUYcgkosw048]=$/
    return f == "name" && v != "" && length(v) <= 200 && v !~ /[^!-~]/
}
function check(list, n, i, f, p) { # every member is there, of its form, and no other
    for (n = split(list, f, " "); n > 0; n--) { i = index(f[n], ":"); p = substr(f[n], 1, i - 1); f[n] = substr(f[n], i + 1); i = sub(/[?]$/, "", f[n])
        if (!(p in val)) { if (i) continue; fault("`" p "` is missing") }; if (!is_form(kind[p], val[p], f[n])) fault("`" p "` is not of its form"); members--
    }; if (members) fault("a member that does not belong there")
}
function place(p) { return val[p ".index"] " " val[p ".leaf"] " " val[p ".origin"] }; function set(list, i, out) { for (i = 1; i <= known; i++) if (index(list, " " field[i] " ")) out = out field[i] " "; return out }
BEGIN {
    FS = "\t"; origin = ENVIRON["log"]; form = "not in canonical form"; pointer = "&.index:count &.leaf:hash &.origin:name"
    fields = "firstName|phone|displayName|contactRoute|region|topics|interests"; known = split(fields, field, "|"); all = "at:day policy:digest v:one "
    by = "by.channel:=|paper|phone|screen by.principal:hash by.agent:hash? "; of = all "release:id seq:count "; under = pointer; gsub(/&/, "under", under)
    t["genesis"] = all "log:name origin:name record:name recovery:name "; t["policy"] = all "effective:day program:name version:count"
    t["acknowledgement"] = all by "form:digest display:hash?"; t["closing"] = of under; t["rescission"] = of by under
    t["release"] = of by "by.evidence:hash expires.date:day expires.on:[|relationshipEnded form:digest shown:hash to.person:hash purpose:=|firstCallAndMeeting|peerConversation|listing|mentoring|goingOn "
    t["disclosure"] = of under " act:hash card:count fields:[|" fields " notice:digest rule:name to.person:hash"
    t["error"] = of under " of.index:count of.leaf:hash of.origin:name"; t["key"] = "at:day from:count key:name role:=|log|record state:=|active|revoked v:one"
}
{
    split("", val); split("", kind); members = 0; s = $4; if (s ~ /[^ -~]/ || length(s) > 8192 || substr(s, 1, 1) != "{") fault(form); value("", 4); if (s != "") fault(form)
    list = t[$3]; if ($3 == "release") for (p in val) if (p ~ /^fields[.]/) { n = substr(p, 8); if (!index("|" fields "|", "|" n "|")) fault("a field that is not known"); list = list p ":hash " }
    n = $3 == "release" ? "supersedes" : $3 == "genesis" ? "after" : ""
    if (n && index($4, "\"" n "\":")) { p = n == "after" ? "&.origin:name &.root:hash &.size:count" : pointer; gsub(/&/, n, p); list = list p }
    check(list); if (ENVIRON["show"]) { for (p in val) print p " " val[p]; next }
    at = val["at"]; id = val["release"]; own = $1 " " $2 " " origin; if (at < day && $3 != "closing" && $3 != "rescission") fault("dated " at ", after a record of " day)
    if (at > day) day = at; if ($3 == "genesis" || $3 == "policy") policy[val["policy"]]; else if ($3 != "key" && !(val["policy"] in policy)) fault("under a policy that the log never stated")
    if ($3 == "genesis" && val["origin"] != origin) fault("of another log"); if (id == "") next; if (val["seq"] + 0 != due[id]++) fault("out of sequence within its release")
    if ($3 == "release") {
        if (id in at_place) fault("a release recorded twice"); at_place[id] = own; release[own] = id; last_day[id] = val["expires.date"]
        if (last_day[id] < at) fault("expires before it is signed"); list = " "; for (p in val) if (p ~ /^fields[.]/) list = list substr(p, 8) " "; may[id] = set(list)
        if ("supersedes.leaf" in val) { p = place("supersedes"); if (!(p in release) || release[p] == id) fault("in place of no earlier release"); if (release[p] in over) fault("in place of a release that had ended") }; next
    }
    if (!(id in at_place) || place("under") != at_place[id]) fault("without its release"); if ($3 == "error" && end[place("of")] != id) fault("in error, and of no end of this release")
    if ($3 == "closing" || $3 == "rescission") { if ((id, $3) in over_by) fault("a " $3 " twice"); over_by[id, $3]; over[id]; end[own] = id }
    if ($3 != "disclosure") next; if (id in over) fault("disclosed after the release ended"); if (at > last_day[id]) fault("disclosed after " last_day[id] ", when the release expired")
    if (set(val["fields"]) != may[id]) fault("other fields than the release permits"); if (id in card) fault("a second disclosure of one release"); card[id]
    if (val["notice"] != ENVIRON[set(val["fields"]) == "firstName phone " ? "clinical" : "plain"]) fault("without the notice that goes with it")
}
END { if (!failed && !ENVIRON["show"]) for (p in policy) print p }'
clinical=$(printf %s '42 CFR part 2 prohibits unauthorized use or disclosure of these records.' | sha256 | hex); export clinical plain log= show=
plain=$(printf %s 'Given for mentoring alone. Do not pass it on.' | sha256 | hex)
look() { show=$2 awk "$rules" "$1" > "$work/members" || fail "$(head -n 1 "$work/members")"; }; member() { sed -n "s/^$1 //p" "$work/members"; }

# Takes the text of the record that was split last: two lines, of a type of this log. Sets type, and makes a line for the rules.
read_record() { # what index leaf
    type=$(sed -n 1p "$work/text"); case $type in "$log/"*/v1) type=${type#"$log/"}; type=${type%/v1} ;; *) fail "$1: of another log" ;; esac
    case $type in genesis | policy | acknowledgement | release | disclosure | rescission | closing | error | key) ;; *) fail "$1: of an unknown type" ;; esac
    [ "$(wc -l < "$work/text")" -eq 2 ] || fail "$1: not two lines"; printf '%s\t%s\t%s\t%s\n' "$2" "$3" "$type" "$(sed -n 2p "$work/text")" > "$work/line"
}
# A tile is the hashes of a level, 256 or what is left: c2sp.org/tlog-tiles.
path_of() { # kind number width
    n=$2; path=$(printf %03d $((n % 1000))); while [ "$n" -ge 1000 ]; do n=$((n / 1000)); path=$(printf x%03d/%s $((n % 1000)) "$path"); done
    path=tile/$1/$path; [ "$3" -eq 256 ] || path=$path.p/$3; expect "$path"
}
check_tile() { path_of "$@"; cmp -s "$work/level.$1" "$dir/$path" || fail "$path: missing, or states other hashes than the entries have"; : > "$work/level.$1"; }
expect() { printf '%s\n' "$1" >> "$work/expected"; }; differ() { sort "$1" | comm -3 - "$2" | head -n 1; }

case ${1:-}/$# in
record/3) use_key "$(text_of "$3")" 01; log=${key_name%/record}; [ "$log/record" = "$key_name" ] || fail "record: not a record key"; split_note "$2" record
    check_line record 1; read_record record - -; look "$work/line" 1; say "record: $type, signed by $key_name: verified" ;;
checkpoint/3) use_key "$(text_of "$3")" 01; check_head "$2" checkpoint; say "checkpoint: $size records of $origin: verified" ;;
cosignature/3) use_key "$(text_of "$3")" 04; cosigning=1; split_note "$2" checkpoint; check_line checkpoint 1; read_head checkpoint
    say "cosignature: $key_name saw $size records of $origin at $seconds: verified" ;;
inclusion/4) use_key "$(text_of "$4")" 01; hashes "$3" 3; check_head "$work/head" proof
    fn=$(sed -n '2s/^index //p' "$3"); number "$fn" && [ "$fn" -lt "$size" ] && [ "$(sed -n 1p "$3")" = "c2sp.org/tlog-proof@v1" ] || fail "proof: not a proof"
    index=$fn; sn=$((size - 1)); leaf "$2" "$work/new"; cp "$work/new" "$work/old"; climb $(cat "$work/hashes")
    is_root "$work/new" "$root" "proof: does not lead to the signed root"; say "inclusion: record $index of $size: verified" ;;
consistency/4) use_key "$(text_of "$4")" 01; check_head "$2" "old checkpoint"; first=$size; first_root=$root
    hashes "$3" 2; check_head "$work/head" request; [ "$(sed -n 1p "$3")" = "old $first" ] && [ "$first" -le "$size" ] || fail "request: for another old head"
    set -- $(cat "$work/hashes")
    if [ "$first" -eq "$size" ] || [ "$first" -eq 0 ]; then
        [ $# -eq 0 ] && { [ "$first" -eq 0 ] || [ "$first_root" = "$root" ]; } || fail "two histories of the same $first records"
    else
        fn=$((first - 1)); sn=$((size - 1)); while [ $((fn & 1)) -eq 1 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
        if [ $((first & (first - 1))) -eq 0 ]; then start=$first_root; else start=${1:-}; [ $# -eq 0 ] || shift; fi
        printf %s "$start" | openssl base64 -d -A > "$work/new"; cp "$work/new" "$work/old"; climb "$@"
        is_root "$work/old" "$first_root" "the proof does not lead to the old head"; is_root "$work/new" "$root" "the proof does not lead to the new head"
    fi
    say "consistency: $size records continue $first: verified" ;;
commitment/5) [ "$(printf '%s\000%s' "$2" "$3" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$4" -binary 2>/dev/null | openssl base64 -A)" = "$5" ] ||
        fail "commitment: of another value, or another opening"; say "commitment: $2 is what was committed to: verified" ;;
all/2 | all/4) dir=$2; case $dir in -*) dir=./$dir ;; esac; seen=0 under=
    find "$dir/." ! -type d ! -type f > "$work/found" 2>/dev/null && [ ! -s "$work/found" ] || fail "the folder cannot be read, or has something in it that is no file"
    split_note "$dir/checkpoint" checkpoint; read_head checkpoint; total=$size signed_root=$root; log=$origin; [ "$total" -gt 0 ] || fail "checkpoint: of an empty log"
    if [ $# -eq 4 ]; then use_key "$(text_of "$4")" 04; cosigning=1; split_note "$3" cosigned; check_line cosigned 1; cosigning=; read_head cosigned
        [ "$origin" = "$log" ] && [ "$size" -le "$total" ] || fail "cosigned: of another log, or of more records"; seen=$size seen_root=$root; under=", with what $key_name saw"; fi
    count=0; stack=; awaited=; : > "$work/records"; while [ "$count" -lt "$total" ]; do
        if [ $((count & 255)) -eq 0 ]; then at=1; left=$((total - count)); [ "$left" -lt 256 ] || left=256; path_of entries $((count / 256)) "$left"; bundle=$dir/$path; [ -f "$bundle" ] || fail "$path: missing"; fi
        length=$((0x0$(tail -c "+$at" "$bundle" | head -c 2 | hex))); tail -c "+$((at + 2))" "$bundle" | head -c "$length" > "$work/entry"
        [ "$(wc -c < "$work/entry")" -eq "$length" ] && [ "$length" -gt 0 ] || fail "record $count: cut off"; at=$((at + 2 + length))
        leaf "$work/entry" "$work/tree.$count"; what="record $count"; split_note "$work/entry" "$what"; read_record "$what" "$count" "$(openssl base64 -A < "$work/tree.$count")"
        cat "$work/line" >> "$work/records"; [ -z "$awaited" ] || [ "$type" = key ] || fail "$what: by a revoked key"
        case $count/$type in
        0/genesis) look "$work/line" 1; record=$(member record); logkey=$(member log); recovery=$(member recovery); known="$record $logkey"; record_from=0
            use_key "$recovery" 01; names=$key_name; use_key "$logkey" 01; names="$names $key_name"; use_key "$record" 01; signers=1; check_line "$what" 1
            [ "$names $key_name" = "$log/recovery $log $log/record" ] || fail "$what: does not name the keys of this log"
            printf 'fingerprint of this log, to compare with your paper: %s\n' "$(sha256 < "$work/entry" | hex)" ;;
        0/* | */genesis) fail "$what: a log begins with its genesis record, and has one" ;;
        */key) look "$work/line" 1; new=$(member key); role=$(member role); from=$(member from); if [ "$role" = log ]; then old=$logkey; else old=$record; fi
            [ "${new%%+*}" = "${old%%+*}" ] && [ "$from" -le $((count + 1)) ] || fail "$what: a key of another name, or from a place that is not in the log"
            case $(member state)/$awaited in
            revoked/) [ "$new" = "$old" ] || fail "$what: revokes a key that is not in force"; awaited=$role; set -- "$recovery"
                if [ "$role" = record ]; then first=$seen; [ "$first" -le "$count" ] || first=0; [ "$first" -le "$from" ] || first=$from; [ "$first" -ge "$record_from" ] || first=$record_from
                    [ "$first" -ge "$count" ] || fail "$what revokes the key of records $first to $((count - 1)), and no head over them that a witness signed before is given"; fi ;;
            active/ | active/"$role") case " $known " in *" $new "*) fail "$what: the key was in force before" ;; esac; [ "$from" -gt "$count" ] || fail "$what: not in force from the next record on"
                known="$known $new"; id=${old#*+}; printf '%s\n' "$role-${id%%+*} $old" >> "$work/older"
                case $awaited/$role in /log) set -- "$record" "$old" "$new" ;; /*) set -- "$old" "$new" ;; *) set -- "$recovery" "$new" ;; esac; awaited= ;;
            *) fail "$what: by a revoked key" ;; esac
            signers=$#; for key in "$@"; do same=0; for other in "$@"; do [ "${other%%+*}" != "${key%%+*}" ] || same=$((same + 1)); done; use_key "$key" 01; check_line "$what" "$same"; done
            if [ "$role" = log ]; then logkey=$new; else record=$new; [ "$awaited" ] || record_from=$from; fi; use_key "$record" 01 ;;
        *) signers=1; check_line "$what" 1 ;; esac
        only_lines "$what" "$signers"; stack="$count $stack"; bits=$count; up=0; place=$count; cat "$work/tree.$count" >> "$work/level.0"
        while [ $((bits & 1)) -eq 1 ]; do set -- $stack; node "$work/tree.$2" "$work/tree.$1" "$work/tree.$2"; shift; stack=$*; bits=$((bits >> 1)); up=$((up + 1))
            if [ $((up % 8)) -eq 0 ]; then check_tile $((up / 8 - 1)) $((place >> 8)) 256; place=$((place >> 8)); cat "$work/tree.$1" >> "$work/level.$((up / 8))"; fi; done
        count=$((count + 1)); if [ "$count" -eq "$seen" ]; then fold "$work/root" $stack; is_root "$work/root" "$seen_root" "two histories: the witness signed another one of the first $seen records"; fi
        [ $((count & 255)) -ne 0 ] && [ "$count" -lt "$total" ] || [ "$at" -eq $(($(wc -c < "$bundle") + 1)) ] || fail "${bundle#"$dir/"}: more than its entries"
    done; [ -z "$awaited" ] || fail "the log ends with a revocation and no key in its place"; fold "$work/root" $stack
    is_root "$work/root" "$signed_root" "the root over all records is not the one that was signed"; look "$work/records" ""
    up=0 left=$total; while [ "$left" -gt 0 ]; do [ $((left & 255)) -eq 0 ] || check_tile "$up" $((left >> 8)) $((left & 255)); up=$((up + 1)); left=$((left >> 8)); done
    split_note "$dir/manifest" manifest 67108864; check_line manifest 1; only_lines manifest 1; sed 1,3d "$work/text" > "$work/files"
    [ "$(sed -n 1,3p "$work/text")" = "$(printf '%s/manifest/v1\nsize %s\nroot %s' "$log" "$total" "$signed_root")" ] || fail "manifest: of another head"
    ! grep -qv '^[0-9a-f]\{64\}  [A-Za-z0-9._/-]\{1,\}$' "$work/files" || fail "manifest: not a list of files"
    printf 'log %s\nrecord %s\nrecovery %s\n' "$logkey" "$record" "$recovery" >> "$work/older"; expect checkpoint; expect trust
    while read -r file key; do expect "keys/$file.vkey"; printf '%s\n' "$key" | cmp -s - "$dir/keys/$file.vkey" || fail "keys/$file.vkey: missing, or not the key that the log states"; done < "$work/older"
    while read -r digest; do expect "policy/$digest.json"; grep -qx "$digest  policy/$digest.json" "$work/files" || fail "policy/$digest.json: missing, or another policy"; done < "$work/members"
    for file in README.md kit/verify.go kit/verify.sh; do [ ! -f "$dir/$file" ] || expect "$file"; done; sort -o "$work/expected" "$work/expected"
    (CDPATH= cd -- "$dir" && find . -type f ! -path ./manifest) | cut -c3- | sort > "$work/found"; cut -c67- "$work/files" > "$work/listed"
    cmp -s "$work/listed" "$work/found" || fail "manifest: does not list the files that are there, each once, in order: $(differ "$work/listed" "$work/found")"
    cmp -s "$work/expected" "$work/found" || fail "a file that is no part of an export: $(differ "$work/expected" "$work/found")"
    while read -r digest file; do [ "$(openssl dgst -sha256 -r < "$dir/$file" 2>/dev/null | cut -d' ' -f1)" = "$digest" ] || fail "$file: changed"; done < "$work/files"
    printf 'log %s\nquorum none\n' "$logkey" | cmp -s - "$dir/trust" || fail "trust: not a policy to begin with"
    use_key "$logkey" 01; check_head "$dir/checkpoint" checkpoint
    say "$total records, every signature, every rule, every hash and every file$under: verified with $(openssl version | cut -d' ' -f1,2)" ;;
*) usage ;;
esac
