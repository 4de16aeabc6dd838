package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
)

func rows() []row {
	addMember := func(text string) func(string) string {
		return func(line string) string { return line[:len(line)-1] + "," + text + "}" }
	}
	disclosed := func(more m) func(*world) {
		return func(w *world) { w.disclosure(w.release(nil), 1, more) }
	}
	released := func(more m) func(*world) { return func(w *world) { w.release(more) } }
	rotated := func(w *world) { w.rotate("record", next) }
	third := newSigner(origin+"/record", 1, 8)
	// revoked is a log of three records whose key is revoked from a place on, and replaced.
	revoked := func(from int) func(*world) {
		return func(w *world) {
			w.disclosure(w.release(nil), 1, nil)
			w.key(record, "record", "revoked", from, recovery)
			w.replace(next)
		}
	}
	saw := func(size, from int) func(*world) {
		return func(w *world) { revoked(from)(w); w.saw(size, witness) }
	}
	// idle is a revocation of a key that signed nothing by itself, so that no witness is needed.
	idle := func(from int, by ...signer) func(*world) {
		return func(w *world) {
			w.rotate("record", next)
			w.key(next, "record", "revoked", from, by...)
		}
	}
	// restated is another recovery key, in genesis and in its file.
	restated := func(key string) func(*world) {
		return func(w *world) { w.recovery, w.edits["genesis"] = key, sub(recovery.text(), key) }
	}
	unlisted := func(path, text string) func(*world) {
		return disk(func(dir string) { appendTo(dir, path, text) })
	}
	set := func(path, text string) func(*world) {
		return file(path, func([]byte) []byte { return []byte(text) })
	}
	gone := func(path string) func(*world) {
		return func(w *world) {
			rotated(w)
			w.every()
			w.seal()
			delete(w.files, path)
		}
	}
	list := []row{
		// What is as it must be.
		{yes, "every type of record", func(w *world) {}},
		{yes, "a genesis record alone", func(w *world) { w.isAlone = true }},
		{yes, "a rotation of both keys", func(w *world) { w.rotate("record", next); w.rotate("log", nextLog); w.policy(nil) }},
		{yes, "a correction of a release", func(w *world) { w.release(nil); w.release(m{"release": other, "supersedes": w.at(1)}) }},
		{yes, "a disclosure of a profile", func(w *world) {
			w.release(m{"fields": m{"displayName": hash, "region": hash}, "purpose": "listing"})
			w.disclosure(1, 1, m{"fields": []string{"displayName", "region"}, "notice": plain})
		}},
		{yes, "fields in another order", disclosed(m{"fields": []string{"phone", "firstName"}})},
		{yes, "a witness's line on the head", headNote(func(n string) string { return n + witness.cosign(strings.SplitN(n, "\n\n", 2)[0]+"\n", 1790000000) })},
		{yes, "a stranger's line on the head", headNote(func(n string) string { return n + stranger.line("x\n") })},
		{yes, "a rescission of an earlier day than the record before", func(w *world) { w.rescission(w.release(nil), 1, m{"at": "2026-01-04"}) }},
		{yes, "a revocation of a key that signed nothing by itself", func(w *world) {
			idle(2, recovery)(w)
			w.replace(third)
		}},
		{yes, "a revocation, and the head that a witness signed before", saw(3, 3)},
		{yes, "a head that a witness signed before", func(w *world) { w.every(); w.saw(5, witness) }},
		{yes, "a revocation of the log key and its replacement", func(w *world) {
			w.key(logKey, "log", "revoked", 1, recovery)
			w.key(nextLog, "log", "active", -1, recovery, nextLog)
			w.old, w.log = append(w.old, logKey), nextLog
		}},
		{yes, "a name with a quotation mark and a backslash", func(w *world) { w.policy(m{"program": `m"p\h`}) }},
		{yes, "a leap day", func(w *world) { w.acknowledgement(m{"at": "2028-02-29"}) }},
		{yes, "a log that continues another", in("genesis", sub(`{"at"`, `{"after":{"origin":"example.org/old","root":"`+hash+`","size":7},"at"`))},
		{yes, "an agent", func(w *world) { w.acknowledgement(m{"by": m{"agent": hash, "channel": "paper", "principal": hash}}) }},
		{yes, "the largest number", disclosed(m{"card": 9007199254740991})},
		{yes, "a log of 300 records", func(w *world) { w.many(300) }},
		{yes, "a name of two hundred characters", func(w *world) { w.policy(m{"program": strings.Repeat("x", 200)}) }},

		// The line of JSON.
		{no, "an extra member with a name and a number", in("release", addMember(`"x":"Ada Fairweather +13125550142"`))},
		{no, "an extra member of a member", in("release", sub(`"channel":"screen"`, `"card":"Ada","channel":"screen"`))},
		{no, "an extra member of a pointer", in("disclosure", sub(`"origin":"`+origin+`"}`, `"origin":"`+origin+`","z":"Ada"}`))},
		{no, "an extra member in genesis", in("genesis", addMember(`"x":"Ada"`))},
		{no, "an extra member in a policy statement", in("policy", addMember(`"x":"Ada"`))},
		{no, "an extra member in an acknowledgement", in("acknowledgement", addMember(`"x":"Ada"`))},
		{no, "an extra member in a closing", in("closing", addMember(`"x":"Ada"`))},
		{no, "an extra member in a rescission", in("rescission", addMember(`"x":"Ada"`))},
		{no, "an extra member in an error", in("error", addMember(`"x":"Ada"`))},
		{no, "an extra member in a key statement", func(w *world) { w.edits["key"] = addMember(`"x":"Ada"`); rotated(w) }},
		{no, "a policy in a key statement", func(w *world) { w.edits["key"] = sub(`"role"`, `"policy":"`+digest+`","role"`); rotated(w) }},
		{no, "v is 2", in("closing", sub(`"v":1`, `"v":2`))},
		{no, "v is a text", in("closing", sub(`"v":1`, `"v":"1"`))},
		{no, "v is true", in("closing", sub(`"v":1`, `"v":true`))},
		{no, "v is 1.0", in("closing", sub(`"v":1`, `"v":1.0`))},
		{no, "v is missing", in("closing", sub(`,"v":1`, ``))},
		{no, "v is 2 in genesis", in("genesis", sub(`"v":1`, `"v":2`))},
		{no, "a duplicate key", in("closing", sub(`"v":1`, `"v":1,"v":1`))},
		{no, "a duplicate key within a member", in("release", sub(`"to":{`, `"to":{"person":"`+hash+`",`))},
		{no, "a duplicate key within a pointer", in("closing", sub(`"under":{`, `"under":{"index":0,`))},
		{no, "keys out of order", in("closing", sub(`{"at":"2026-01-05","policy":"`+digest+`"`, `{"policy":"`+digest+`","at":"2026-01-05"`))},
		{no, "keys out of order within a member", in("rescission", sub(`"channel":"phone","principal":"`+hash+`"`, `"principal":"`+hash+`","channel":"phone"`))},
		{no, "a key in other letters", in("closing", sub(`{`, `{"Seq":0,`))},
		{no, "a space after a colon", in("closing", sub(`"v":1`, `"v": 1`))},
		{no, "a space within a member", in("rescission", sub(`"channel":"phone"`, `"channel": "phone"`))},
		{no, "a space at the end of the line", in("closing", sub(`"v":1}`, `"v":1} `))},
		{no, "a letter by its number", in("rescission", sub(`"phone"`, `"phon\u0065"`))},
		{no, "an escaped slash", in("disclosure", sub(`mphp/mentorship`, `mphp\/mentorship`))},
		{no, "a letter beyond ASCII", in("policy", sub(`"program":"mphp"`, `"program":"mphé"`))},
		{no, "a line break by its number", in("policy", sub(`"program":"mphp"`, `"program":"mp\nhp"`))},
		{no, "a DEL", in("policy", sub(`"program":"mphp"`, "\"program\":\"mp\x7fhp\""))},
		{no, "a control character", in("policy", sub(`"program":"mphp"`, "\"program\":\"mp\x1bhp\""))},
		{no, "bytes that are not UTF-8", in("policy", sub(`"program":"mphp"`, "\"program\":\"mp\xff\""))},
		{no, "a number with a leading zero", in("disclosure", sub(`"card":1`, `"card":01`))},
		{no, "a number with an exponent", in("disclosure", sub(`"card":1`, `"card":1e0`))},
		{no, "minus zero", in("disclosure", sub(`"card":1`, `"card":-0`))},
		{no, "a negative number", in("disclosure", sub(`"card":1`, `"card":-1`))},
		{no, "a number beyond 2^53-1", in("disclosure", sub(`"card":1`, `"card":9007199254740992`))},
		{no, "a number of twenty digits", in("disclosure", sub(`"card":1`, `"card":10000000000000000000`))},
		{no, "a null", in("acknowledgement", sub(`"display":"`+hash+`"`, `"display":null`))},
		{no, "a text for a number", in("closing", sub(`"seq":2`, `"seq":"2"`))},
		{no, "a number for a text", in("policy", sub(`"program":"mphp"`, `"program":7`))},
		{no, "a text for an object", in("release", sub(`"to":{"person":"`+hash+`"}`, `"to":"`+hash+`"`))},
		{no, "an object for a text", in("release", sub(`"shown":"`+hash+`"`, `"shown":{"person":"`+hash+`"}`))},
		{no, "an object for a list", in("disclosure", sub(`["firstName","phone"]`, `{"firstName":"phone"}`))},
		{no, "an empty object", in("release", sub(`"to":{"person":"`+hash+`"}`, `"to":{}`))},
		{no, "an empty list", in("release", sub(`["relationshipEnded"]`, `[]`))},
		{no, "an empty object for a pointer that may be missing", in("release", sub(`,"to":`, `,"supersedes":{},"to":`))},
		{no, "a list in a list", in("release", sub(`["relationshipEnded"]`, `[["relationshipEnded"]]`))},
		{no, "a line of more than eight KiB", in("policy", sub(`"program":"mphp"`, `"program":"`+strings.Repeat("x", 9000)+`"`))},
		{no, "a line that is a list", in("closing", func(s string) string { return "[" + s + "]" })},
		{no, "two values in the line", in("closing", func(s string) string { return s + "{}" })},
		{no, "text after the line", in("closing", func(s string) string { return s + "\nAda Fairweather" })},
		{no, "text after a blank line", in("closing", func(s string) string { return s + "\n\nAda Fairweather" })},
		{no, "text after the line of genesis", in("genesis", func(s string) string { return s + "\n\nAda Fairweather" })},
		{no, "no line of JSON", in("policy", whole(origin+"/policy/v1\n"))},
		{no, "an empty line of JSON", in("policy", whole(origin+"/policy/v1\n\n"))},
		{no, "a type line of v2", in("policy", func(s string) string { return "\x00" + origin + "/policy/v2\n" + s + "\n" })},
		{no, "a type that is not known", in("policy", func(s string) string { return "\x00" + origin + "/staff/v1\n" + s + "\n" })},
		{no, "a type line of another log", in("policy", func(s string) string { return "\x00example.org/other/policy/v1\n" + s + "\n" })},
		{no, "a type line of a longer name", in("policy", func(s string) string { return "\x00evil/" + origin + "/policy/v1\n" + s + "\n" })},
		{no, "the members of another type", in("closing", func(s string) string { return "\x00" + origin + "/rescission/v1\n" + s + "\n" })},

		// Members of another form.
		{no, "a day that is none", in("acknowledgement", sub(`"at":"2026-01-05"`, `"at":"2026-02-30"`))},
		{no, "a day of another spelling", in("acknowledgement", sub(`"at":"2026-01-05"`, `"at":"2026-1-05"`))},
		{no, "the year 0", in("genesis", sub(`"at":"2026-01-05"`, `"at":"0000-01-05"`))},
		{no, "29 February of 2100", in("policy", sub(`"effective":"2026-01-05"`, `"effective":"2100-02-29"`))},
		{no, "a digest in capitals", in("acknowledgement", sub(`"form":"`+digest, `"form":"`+strings.ToUpper(digest)))},
		{no, "a digest of 63 digits", in("acknowledgement", sub(`"form":"`+digest, `"form":"`+digest[1:]))},
		{no, "an id in capitals", in("release", sub(id, strings.ToUpper(id)))},
		{no, "an id that is a path", func(w *world) { w.release(m{"release": "../../../../../tmp/h4/x/0f0f0f"}) }},
		{no, "an id that names what arrays have", func(w *world) { w.release(m{"release": "__proto__"}) }},
		{no, "a commitment with bits that carry nothing", in("acknowledgement", sub(`"display":"`+hash, `"display":"`+spare(hash)))},
		{no, "a commitment without padding", in("acknowledgement", sub(`"display":"`+hash, `"display":"`+hash[:43]))},
		{no, "a commitment of 31 bytes", in("acknowledgement", sub(`"display":"`+hash, `"display":"`+b64([]byte(strings.Repeat("a", 31)))))},
		{no, "a commitment that is a name", in("acknowledgement", sub(`"display":"`+hash, `"display":"Ada Fairweather`))},
		{no, "a channel that is not known", in("rescission", sub(`"phone"`, `"email"`))},
		{no, "a purpose that is not known", in("release", sub(`firstCallAndMeeting`, `marketing`))},
		{no, "an event that is not known", in("release", sub(`relationshipEnded`, `neverEnds`))},
		{no, "a field that is not known", in("release", sub(`"firstName":"`+hash, `"diagnosis":"`+hash))},
		{no, "no fields", in("release", sub(`{"firstName":"`+hash+`","phone":"`+hash+`"}`, `{}`))},
		{no, "a field twice", disclosed(m{"fields": []string{"firstName", "phone", "phone"}})},
		{no, "a name with a space", in("policy", sub(`"program":"mphp"`, `"program":"Ada Fairweather"`))},
		{no, "an empty name", in("policy", sub(`"program":"mphp"`, `"program":""`))},
		{no, "a name of 201 characters", func(w *world) { w.policy(m{"program": strings.Repeat("x", 201)}) }},
		{no, "a pointer in part", released(m{"supersedes": m{"index": 0, "leaf": hash}})},
		{no, "no channel", in("rescission", sub(`"channel":"phone",`, ``))},
		{no, "no evidence", in("release", sub(`"evidence":"`+hash+`",`, ``))},
		{no, "no last day", in("release", sub(`"date":"2027-01-05",`, ``))},
		{no, "no place under a release", in("closing", func(s string) string { return s[:strings.Index(s, `,"under"`)] + `,"v":1}` })},
		{no, "no place of what was in error", in("error", func(s string) string {
			return s[:strings.Index(s, `"of"`)] + s[strings.Index(s, `"policy"`):]
		})},
		{no, "no date", in("acknowledgement", sub(`"at":"2026-01-05",`, ``))},
		{no, "no policy", in("acknowledgement", sub(`,"policy":"`+digest+`"`, ``))},

		// Genesis and keys.
		{no, "a second genesis record", func(w *world) { w.begin(); w.entries = append(w.entries, w.entries[0]) }},
		{no, "a log that begins with another record", func(w *world) {
			w.begin()
			w.entries = nil
			w.raw("genesis", "\x00", record)
			w.entries = w.entries[:0]
			first(w)
		}},
		{no, "genesis names another origin", in("genesis", sub(`"origin":"`+origin, `"origin":"example.org/other`))},
		{no, "a record key of another name", in("genesis", sub(record.text(), newSigner(origin+"/records", 1, 1).text()))},
		{no, "a recovery key of another name", restated(newSigner("evil.example", 1, 3).text())},
		{no, "a recovery key of a witness's type", restated(newSigner(origin+"/recovery", 4, 3).text())},
		{no, "a recovery key that is none", restated("Ada")},
		{no, "a recovery key with another key's id", restated(recovery.text()[:len(origin)+10] + "00000000" + recovery.text()[len(origin)+18:])},
		{no, "a recovery key with its id in capitals", restated(strings.Replace(recovery.text(), fmt.Sprintf("%x", recovery.id()), strings.ToUpper(fmt.Sprintf("%x", recovery.id())), 1))},
		{no, "a recovery key of 31 bytes", restated(recovery.text()[:len(recovery.text())-4])},
		{no, "a log key of another name", in("genesis", sub(logKey.text(), newSigner("example.org/other", 1, 2).text()))},
		{no, "a record by the log key", func(w *world) { w.policy(nil, logKey) }},
		{no, "a record with a stranger's line too", func(w *world) { w.policy(nil, record, stranger) }},
		{no, "a record signed twice", func(w *world) { w.policy(nil, record, record) }},
		{no, "a record with bits in its signature that carry nothing", signed("policy", spare)},
		{no, "a record that was changed after it was signed", signed("policy", sub("2026-01-05", "2026-01-06"))},
		{no, "a rotation without the old key", func(w *world) { w.key(next, "record", "active", -1, next); w.record = next }},
		{no, "a rotation without the new key", func(w *world) { w.key(next, "record", "active", -1, record); w.record = next }},
		{no, "a rotation with the recovery key too", func(w *world) { w.key(next, "record", "active", -1, record, next, recovery); w.record = next }},
		{no, "a rotation from another place", func(w *world) { w.key(next, "record", "active", 9, record, next); w.record = next }},
		{no, "a rotation to a key of another name", func(w *world) { w.key(stranger, "record", "active", -1, record, stranger); w.record = stranger }},
		{no, "a rotation to a key of a witness's type", func(w *world) {
			key := newSigner(origin+"/record", 4, 5)
			w.key(key, "record", "active", -1, record, key)
			w.record = key
		}},
		{no, "a rotation to the key that is in force", func(w *world) { w.key(record, "record", "active", -1, record) }},
		{no, "a rotation back to an earlier key", func(w *world) { rotated(w); w.rotate("record", record) }},
		{no, "a log key without the record key", func(w *world) { w.key(nextLog, "log", "active", -1, logKey, nextLog); w.log = nextLog }},
		{no, "a record by the new key too early", func(w *world) { w.policy(nil, next); rotated(w) }},
		{no, "a record by the old key too late", func(w *world) { rotated(w); w.policy(nil, record) }},
		{no, "an old head after a rotation", func(w *world) { w.rotate("log", nextLog); w.headBy = []signer{logKey} }},
		{no, "a role that is not known", func(w *world) { w.key(next, "recovery", "active", -1, record, next) }},
		{no, "a state that is not known", func(w *world) { w.key(next, "record", "retired", -1, record, next) }},
		{no, "a revocation by the record key", func(w *world) { idle(2, next)(w); w.replace(third) }},
		{no, "a revocation by the recovery key and the record key", func(w *world) { idle(2, recovery, next)(w); w.replace(third) }},
		{no, "a revocation from a place that is not in the log", func(w *world) { idle(9, recovery)(w); w.replace(third) }},
		{no, "a revocation of a key that is not in force", func(w *world) {
			w.rotate("record", next)
			w.key(record, "record", "revoked", 2, recovery)
			w.replace(third)
		}},
		{no, "a record between a revocation and its replacement", func(w *world) { idle(2, recovery)(w); w.policy(nil); w.replace(third) }},
		{no, "a second revocation before the replacement", func(w *world) { idle(2, recovery)(w); w.key(next, "record", "revoked", 2, recovery); w.replace(third) }},
		{no, "a revocation at the end", idle(2, recovery)},
		{no, "a replacement by the revoked key itself", func(w *world) { idle(2, recovery)(w); w.key(next, "record", "active", -1, recovery, next) }},
		{no, "a replacement by an earlier key", func(w *world) { idle(2, recovery)(w); w.replace(record) }},
		{no, "a replacement without the recovery key", func(w *world) {
			idle(2, recovery)(w)
			w.key(third, "record", "active", -1, next, third)
			w.record = third
		}},
		{no, "a replacement without the new key", func(w *world) { idle(2, recovery)(w); w.key(third, "record", "active", -1, recovery); w.record = third }},
		{no, "a log key put into force by a revoked record key", func(w *world) { idle(2, recovery)(w); w.rotate("log", nextLog) }},
		{no, "a head by a revoked log key", func(w *world) {
			w.key(logKey, "log", "revoked", 1, recovery)
			w.key(nextLog, "log", "active", -1, recovery, nextLog)
			w.old, w.log, w.headBy = append(w.old, logKey), nextLog, []signer{logKey}
		}},
		{no, "a record after the revocation of the log key", func(w *world) { w.key(logKey, "log", "revoked", 1, recovery); w.policy(nil) }},
		{no, "what a revoked key signed and no witness saw", revoked(3)},
		{no, "what a revoked key signed after what a witness saw", saw(2, 3)},
		{no, "what a revoked key signed from the place that is named", saw(3, 2)},
		{no, "what a witness saw after the revocation alone", saw(5, 3)},
		{no, "what another witness saw", func(w *world) { revoked(3)(w); w.saw(3, newSigner(witness.name, 4, 9)) }},
		{no, "a head that a witness signed of another history", func(w *world) {
			w.every()
			text := fmt.Sprintf("%s\n5\n%s\n", origin, hash)
			w.cosigned = sign(text, logKey) + witness.cosign(text, 1790000000)
		}},
		{no, "a head that a witness signed of more records", func(w *world) { w.every(); w.policy(nil); w.saw(9, witness); w.entries = w.entries[:8] }},

		// Order.
		{no, "a disclosure after its rescission", func(w *world) { w.release(nil); w.rescission(1, 1, nil); w.disclosure(1, 2, nil) }},
		{no, "a disclosure after its rescission, which names another release further in", func(w *world) {
			w.release(nil)
			z := m{"release": other, "seq": 0}
			w.rescission(1, 1, m{"z": z})
			w.disclosure(1, 2, m{"z": m{"release": id, "seq": 1}})
		}},
		{no, "a disclosure after its closing", func(w *world) { w.release(nil); w.closing(1, 1, nil); w.disclosure(1, 2, nil) }},
		{no, "a disclosure with no release", func(w *world) { w.disclosure(0, 0, nil) }},
		{no, "a disclosure under another release", func(w *world) {
			w.release(nil)
			w.release(m{"release": other})
			w.disclosure(1, 1, m{"release": other})
		}},
		{no, "a disclosure under another log", disclosed(m{"under": m{"index": 1, "leaf": hash, "origin": "example.org/other"}})},
		{no, "a disclosure under another leaf", disclosed(m{"under": m{"index": 1, "leaf": hash, "origin": origin}})},
		{no, "a disclosure under a release that comes later", func(w *world) {
			w.disclosure(2, 0, m{"under": m{"index": 2, "leaf": hash, "origin": origin}})
			w.release(m{"seq": 1})
		}},
		{no, "a disclosure after the last day", func(w *world) {
			w.release(m{"expires": m{"date": "2026-01-06", "on": []string{"relationshipEnded"}}})
			w.disclosure(1, 1, m{"at": "2026-01-07"})
		}},
		{no, "a disclosure of fewer fields", disclosed(m{"fields": []string{"phone"}, "notice": plain})},
		{no, "a disclosure of more fields", disclosed(m{"fields": []string{"firstName", "phone", "region"}, "notice": plain})},
		{no, "a disclosure without its notice", disclosed(m{"notice": digest})},
		{no, "a disclosure with the notice of a profile", disclosed(m{"notice": plain})},
		{no, "a second disclosure", func(w *world) { w.release(nil); w.disclosure(1, 1, nil); w.disclosure(1, 2, m{"card": 2}) }},
		{no, "a gap in the sequence", disclosed(m{"seq": 2})},
		{no, "a number twice", disclosed(m{"seq": 0})},
		{no, "a release that begins at 1", released(m{"seq": 1})},
		{no, "a release recorded twice", func(w *world) { w.release(nil); w.release(m{"seq": 1}) }},
		{no, "a release that expires before it is signed", released(m{"expires": m{"date": "2026-01-04", "on": []string{"relationshipEnded"}}})},
		{no, "a release under a policy that was never stated", released(m{"policy": strings.Repeat("cd", 32)})},
		{no, "a release in place of nothing", released(m{"supersedes": m{"index": 0, "leaf": hash, "origin": origin}})},
		{no, "a release in place of itself to come", released(m{"supersedes": m{"index": 1, "leaf": hash, "origin": origin}})},
		{no, "a release in place of one that ended", func(w *world) {
			w.release(nil)
			w.closing(1, 1, nil)
			w.release(m{"release": other, "supersedes": w.at(1)})
		}},
		{no, "a release in place of one of another log", func(w *world) {
			w.release(nil)
			place := w.at(1)
			place["origin"] = "example.org/other"
			w.release(m{"release": other, "supersedes": place})
		}},
		{no, "an earlier day", func(w *world) { w.acknowledgement(nil); w.acknowledgement(m{"at": "2026-01-04"}) }},
		{no, "a rescission of nothing", func(w *world) { w.rescission(0, 0, nil) }},
		{no, "a rescission before its release", func(w *world) { w.rescission(0, 0, nil); w.release(m{"seq": 1}) }},
		{no, "a rescission twice", func(w *world) { w.release(nil); w.rescission(1, 1, nil); w.rescission(1, 2, nil) }},
		{no, "a closing twice", func(w *world) { w.release(nil); w.closing(1, 1, nil); w.closing(1, 2, nil) }},
		{no, "a closing under another release", func(w *world) { w.release(nil); w.release(m{"release": other}); w.closing(1, 1, m{"release": other}) }},
		{no, "an error about no release", func(w *world) { w.fault(0, 0, 0, nil) }},
		{no, "an error of a record that is not there", func(w *world) {
			w.release(nil)
			w.closing(1, 1, nil)
			w.fault(1, 2, 2, m{"of": m{"index": 2, "leaf": hash, "origin": origin}})
		}},
		{no, "an error of another release's end", func(w *world) {
			w.release(nil)
			w.release(m{"release": other})
			w.closing(2, 1, m{"release": other})
			w.fault(1, 3, 1, nil)
		}},
		{no, "an error of a record of another log", func(w *world) {
			w.release(nil)
			w.closing(1, 1, nil)
			place := w.at(2)
			place["origin"] = "example.org/other"
			w.fault(1, 2, 2, m{"of": place})
		}},

		// The head.
		{no, "a head of fewer records", head(func(s string) string { return strings.Replace(s, "\n8\n", "\n7\n", 1) })},
		{no, "a head with another root", head(func(s string) string { return origin + "\n8\n" + hash + "\n" })},
		{no, "a head with a root that is no hash", head(func(s string) string { return origin + "\n8\nAda\n" })},
		{no, "a head with bits in its root that carry nothing", head(func(s string) string { return spare(s) })},
		{no, "a head with a leading zero", head(sub("\n8\n", "\n08\n"))},
		{no, "a head with an extension line", head(func(s string) string { return s + "Ada\n" })},
		{no, "a head of another log", head(sub(origin, "example.org/other"))},
		{no, "a head of size 0", head(sub("\n8\n", "\n0\n"))},
		{no, "a head by the record key", func(w *world) { w.headBy = []signer{record} }},
		{no, "a head with two lines of the log", headNote(func(n string) string { return n + logKey.line("x\n") })},
		{no, "a head with a line that is none", headNote(func(n string) string { return n + "— stranger.example\n" })},
		{no, "a head with a line that is not base64", headNote(func(n string) string { return n + "— stranger.example ****\n" })},
		{no, "a head with a stranger's line of another spelling", headNote(func(n string) string { return n + spare(strings.TrimSuffix(sized(65), "\n")) + "\n" })},
		{no, "a head with a name with a no-break space", headNote(func(n string) string { return n + "— stranger\u00A0example " + hash + "\n" })},
		{no, "a head with a name with a line separator", headNote(func(n string) string { return n + "— stranger\u2028example " + hash + "\n" })},
		{no, "a head with a name beyond ASCII", headNote(func(n string) string { return n + "— café.example " + hash + "\n" })},
		{no, "a head with a name with a plus", headNote(func(n string) string { return n + "— a+b.example " + hash + "\n" })},
		{no, "a head of 101 lines", headNote(func(n string) string { return n + strings.Repeat(stranger.line("x\n"), 100) })},
		{no, "a head of more than 65,535 bytes", headNote(func(n string) string { return n + "— " + strings.Repeat("x", 66000) + " " + hash + "\n" })},
		{no, "a head with a carriage return", headNote(sub("\n8\n", "\n8\r\n"))},
		{no, "a head with a byte order mark", headNote(func(n string) string { return "\xEF\xBB\xBF" + n })},

		// The manifest.
		{no, "a file that is not listed", unlisted("extra", "x")},
		{no, "a file that is not listed, deep within", unlisted("tile/7/000", "x")},
		{no, "a file that is not listed, of a hidden name", unlisted(".DS_Store", "x")},
		{no, "a file that is not listed, with a line break in its name", unlisted("a\nb", "x")},
		{no, "a file that is not listed, with a name that is not UTF-8", unlisted("a\xffb", "x")},
		{no, "a file that is listed and missing", listed(func(l []string) []string { return append(l, strings.Repeat("0", 64)+"  zzz") })},
		{no, "a file that was changed", unlisted("trust", "# x\n")},
		{no, "a file listed twice in place of one that is not", func(w *world) {
			w.list = func(l []string) []string { return append(l, l[len(l)-1]) }
			w.disk = func(dir string) { appendTo(dir, "extra", "Ada Fairweather") }
		}},
		{no, "a file listed twice", listed(func(l []string) []string { return append(l, l[len(l)-1]) })},
		{no, "a file listed by two paths in place of one that is not", func(w *world) {
			w.list = func(l []string) []string { return resort(append(l, sub("  trust", "  ./trust")(l[len(l)-1]))) }
			w.disk = func(dir string) { appendTo(dir, "extra", "Ada Fairweather") }
		}},
		{no, "a file listed by two paths with two slashes", func(w *world) {
			w.list = func(l []string) []string { return resort(append(l, sub("  checkpoint", "  keys/../checkpoint")(l[0]))) }
			w.disk = func(dir string) { appendTo(dir, "extra", "Ada Fairweather") }
		}},
		{no, "files out of order", listed(func(l []string) []string { l[0], l[1] = l[1], l[0]; return l })},
		{no, "a manifest that lists itself", listed(func(l []string) []string { return resort(append(l, strings.Repeat("0", 64)+"  manifest")) })},
		{no, "a manifest with digests in capitals", listed(func(l []string) []string { l[0] = strings.ToUpper(l[0][:64]) + l[0][64:]; return l })},
		{no, "a manifest with one space", listed(func(l []string) []string { l[0] = l[0][:64] + l[0][65:]; return l })},
		{no, "a manifest with a star", listed(func(l []string) []string { l[0] = l[0][:64] + " *" + l[0][66:]; return l })},
		{no, "a manifest with a blank line", listed(func(l []string) []string { return append(l, "") })},
		{no, "a manifest with a sentence", listed(func(l []string) []string { return append(l, "Ada Fairweather") })},
		{no, "a manifest of another size", func(w *world) { w.manifest = sub("size 8", "size 7") }},
		{no, "a manifest of another root", func(w *world) {
			w.manifest = func(s string) string { return sub(strings.Split(s, "\n")[2], "root "+hash)(s) }
		}},
		{no, "a manifest of another log", func(w *world) { w.manifest = sub(origin+"/manifest", "example.org/other/manifest") }},
		{no, "a manifest by an older record key", func(w *world) { rotated(w); w.every(); w.seal(); w.record = record }},
		{no, "a manifest with a stranger's line too", func(w *world) { w.manifestNote = func(n string) string { return n + stranger.line("x\n") } }},
		{no, "a manifest that was changed", func(w *world) { w.manifestNote = sub("trust", "trusT") }},
		{no, "no manifest", disk(func(dir string) { check(os.Remove(filepath.Join(dir, "manifest"))) })},
		{no, "a path beyond ASCII", func(w *world) { w.every(); w.seal(); w.files["caf\u00e9"] = []byte("x") }},
		{no, "a file that Unicode takes for a listed one", func(w *world) {
			w.every()
			w.seal()
			w.files["caf\u00e9"] = []byte("x")
			w.disk = func(dir string) { appendTo(dir, "cafe\u0301", "Ada Fairweather") }
		}},
		{no, "a file that Unicode takes for a listed one in ASCII", func(w *world) {
			w.every()
			w.seal()
			w.files["K"] = []byte("x")
			w.disk = func(dir string) { appendTo(dir, "\u212a", "Ada Fairweather") }
		}},

		// What is no file.
		{no, "a link in place of a file", disk(func(dir string) {
			check(os.Rename(filepath.Join(dir, "trust"), dir+"-moved"))
			check(os.Symlink(dir+"-moved", filepath.Join(dir, "trust")))
		})},
		{no, "a link in place of a bundle", disk(func(dir string) {
			check(os.Rename(filepath.Join(dir, "tile/entries/000.p/8"), dir+"-moved"))
			check(os.Symlink(dir+"-moved", filepath.Join(dir, "tile/entries/000.p/8")))
		})},
		{no, "a link in place of a folder", disk(func(dir string) {
			check(os.Rename(filepath.Join(dir, "tile"), dir+"-moved"))
			check(os.Symlink(dir+"-moved", filepath.Join(dir, "tile")))
		})},
		{no, "a link to a file of the export, in its place", disk(func(dir string) {
			check(os.Symlink("trust", filepath.Join(dir, "extra")))
		})},
		{no, "a link in place of the manifest", disk(func(dir string) {
			check(os.Rename(filepath.Join(dir, "manifest"), dir+"-moved"))
			check(os.Symlink(dir+"-moved", filepath.Join(dir, "manifest")))
		})},
		{no, "a link in place of the head", disk(func(dir string) {
			check(os.Rename(filepath.Join(dir, "checkpoint"), dir+"-moved"))
			check(os.Symlink(dir+"-moved", filepath.Join(dir, "checkpoint")))
		})},
		{no, "a link that leads nowhere", disk(func(dir string) { check(os.Symlink("nowhere", filepath.Join(dir, "extra"))) })},
		{no, "a pipe", disk(func(dir string) { check(syscall.Mkfifo(filepath.Join(dir, "extra"), 0o644)) })},
		{no, "a pipe in place of a file", disk(func(dir string) {
			check(os.Remove(filepath.Join(dir, "trust")))
			check(syscall.Mkfifo(filepath.Join(dir, "trust"), 0o644))
		})},
		{no, "a pipe in place of a bundle", disk(func(dir string) {
			check(os.Remove(filepath.Join(dir, "tile/entries/000.p/8")))
			check(syscall.Mkfifo(filepath.Join(dir, "tile/entries/000.p/8"), 0o644))
		})},
		{no, "a pipe in place of the head", disk(func(dir string) {
			check(os.Remove(filepath.Join(dir, "checkpoint")))
			check(syscall.Mkfifo(filepath.Join(dir, "checkpoint"), 0o644))
		})},
		{no, "a folder in place of a file", disk(func(dir string) {
			check(os.Remove(filepath.Join(dir, "trust")))
			check(os.Mkdir(filepath.Join(dir, "trust"), 0o755))
		})},

		// Tiles.
		{no, "a hash tile with wrong bytes", file("tile/0/000.p/8", func(b []byte) []byte { b[40] ^= 1; return b })},
		{no, "a hash tile with two hashes exchanged", file("tile/0/000.p/8", func(b []byte) []byte {
			return append(append(append([]byte{}, b[32:64]...), b[:32]...), b[64:]...)
		})},
		{no, "a hash tile with a hash too many", file("tile/0/000.p/8", func(b []byte) []byte { return append(b, b[:32]...) })},
		{no, "a hash tile with a hash too few", file("tile/0/000.p/8", func(b []byte) []byte { return b[32:] })},
		{no, "a wrong hash in a tile above", func(w *world) { w.many(300); w.seal(); w.files["tile/1/000.p/1"][5] ^= 1 }},
		{no, "a wrong hash in a full tile", func(w *world) { w.many(300); w.seal(); w.files["tile/0/000"][5] ^= 1 }},
		{no, "no hash tile", func(w *world) { w.every(); w.seal(); delete(w.files, "tile/0/000.p/8") }},
		{no, "no bundle", func(w *world) { w.every(); w.seal(); delete(w.files, "tile/entries/000.p/8") }},
		{no, "a bundle with a byte more", file("tile/entries/000.p/8", func(b []byte) []byte { return append(b, 7) })},
		{no, "a bundle with an entry more", file("tile/entries/000.p/8", func(b []byte) []byte { return append(b, b[:2+int(b[0])<<8+int(b[1])]...) })},
		{no, "a bundle with an empty entry more", file("tile/entries/000.p/8", func(b []byte) []byte { return append(b, 0, 0) })},
		{no, "a bundle that is cut off", file("tile/entries/000.p/8", func(b []byte) []byte { return b[:len(b)-9] })},
		{no, "an entry that is empty", func(w *world) { w.begin(); w.entries = append(w.entries, "") }},
		{no, "an entry that is no note", func(w *world) { w.begin(); w.entries = append(w.entries, "\x01\x02\x03") }},

		// Keys, policies, trust.
		{no, "another log key in its file", set("keys/log.vkey", nextLog.text()+"\n")},
		{no, "another record key in its file", set("keys/record.vkey", next.text()+"\n")},
		{no, "another recovery key in its file", set("keys/recovery.vkey", newSigner(origin+"/recovery", 1, 9).text()+"\n")},
		{no, "a record key's file with another name", set("keys/record.vkey", newSigner(origin+"/other", 1, 1).text()+"\n")},
		{no, "no file of the recovery key", gone("keys/recovery.vkey")},
		{no, "no file of an older key", gone(fmt.Sprintf("keys/record-%x.vkey", record.id()))},
		{no, "no file of the log key", gone("keys/log.vkey")},
		{no, "a key file of no key of the log", func(w *world) { w.every(); w.seal(); w.files["keys/other.vkey"] = []byte(stranger.text() + "\n") }},
		{no, "two keys in one file and none in the other", func(w *world) {
			w.every()
			w.seal()
			w.files["keys/log.vkey"] = []byte(logKey.text() + "\n" + record.text() + "\n")
			w.files["keys/record.vkey"] = nil
		}},
		{no, "a key file without a last newline", set("keys/recovery.vkey", recovery.text())},
		{no, "a key file with a sentence", set("keys/recovery.vkey", recovery.text()+"\nAda Fairweather\n")},
		{no, "a key file with a blank line more", set("keys/log.vkey", logKey.text()+"\n\n")},
		{no, "a policy that is missing", func(w *world) { w.every(); w.seal(); delete(w.files, "policy/"+digest+".json") }},
		{no, "a policy that is another", set("policy/"+digest+".json", `{"program":"other"}`)},
		{no, "a policy that a statement names, missing", func(w *world) { w.policy(m{"policy": strings.Repeat("cd", 32)}) }},
		{no, "a trust policy of another key", set("trust", "log "+nextLog.text()+"\nquorum none\n")},
		{no, "no trust policy", func(w *world) { w.every(); w.seal(); delete(w.files, "trust") }},
		{no, "a data folder inside an export", func(w *world) {
			w.every()
			w.seal()
			w.files["privity.sqlite"] = []byte("x")
		}},
		{no, "a listed file that is no part of an export", func(w *world) { w.every(); w.seal(); w.files["Ada_Fairweather_312-555-0142"] = []byte("x") }},
		{no, "a listed tile that is no part of this export", func(w *world) { w.every(); w.seal(); w.files["tile/0/001.p/1"] = make([]byte, 32) }},
		{no, "a listed policy that no record names", func(w *world) {
			w.every()
			w.seal()
			w.files["policy/"+card+".json"] = []byte("42 CFR part 2 prohibits unauthorized use or disclosure of these records.")
		}},
		{yes, "a kit", func(w *world) {
			w.every()
			w.seal()
			w.files["kit/verify.sh"] = []byte("x")
			w.files["README.md"] = []byte("x")
		}},
	}
	return list
}

// many is a log of so many records.
func (w *world) many(count int) {
	for w.begin(); len(w.entries) < count; {
		w.acknowledgement(nil)
	}
}

// first makes a log whose entry 0 is a policy statement.
func first(w *world) {
	w.entries = []string{sign(origin+"/policy/v1\n"+canonical(m{"at": "2026-01-05", "effective": "2026-01-05", "policy": digest, "program": "mphp", "v": 1, "version": 1})+"\n", record)}
	w.isAlone = true
}

// replace puts a key into force after a revocation.
func (w *world) replace(s signer) {
	w.key(s, "record", "active", -1, recovery, s)
	w.old, w.record = append(w.old, w.record), s
}

// sized is a stranger's line of so many bytes, of which base64 ends in one `=`.
func sized(n int) string { return "— stranger.example " + b64(make([]byte, n)) + "\n" }

// resort puts lines in the order of their paths.
func resort(lines []string) []string {
	sort.Slice(lines, func(i, j int) bool { return lines[i][66:] < lines[j][66:] })
	return lines
}
