// Verifies what Privity recorded, with Go's own packages: golang.org/x/mod/sumdb/note and sumdb/tlog. Nothing of Privity's is used.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o verify verify.go     (Debian: golang-go, golang-golang-x-mod-dev)
//
//	verify all EXPORT [COSIGNED KEY]             every record, rule, key and file, every hash and the head
//	verify fsck EXPORT                           every hash and the head alone, on as many cores as GOMAXPROCS says
//	verify record NOTE KEY                       one record
//	verify checkpoint NOTE KEY                   one head
//	verify cosignature NOTE KEY                  a witness's line on a head
//	verify inclusion NOTE PROOF KEY              a record is in the log (a receipt)
//	verify consistency OLD-NOTE REQUEST KEY      the head in REQUEST continues the old head
//	verify commitment PATH VALUE OPENING STATED  a revealed value is the one that was committed to
//
// KEY is a verifier key or a file that holds one; COSIGNED a head that the witness KEY signed, for a log with a revoked
// record key. Exit status: 0 verified, 1 not verified, 2 wrong use.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// fail says what is wrong, with nothing in it that a terminal would obey: file names may be hostile.
func fail(format string, args ...interface{}) {
	text := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '?'
		}
		return r
	}, fmt.Sprintf(format, args...))
	fmt.Println("NOT verified: " + text)
	os.Exit(1)
}

// read returns a file of at most limit bytes.
func read(path string, limit int64) []byte {
	file, err := os.Open(path)
	if err != nil {
		fail("%s: cannot be read", path)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil || int64(len(data)) > limit {
		fail("%s: cannot be read, or longer than %d bytes", path, limit)
	}
	return data
}

// keyText takes a verifier key, or the path of a file that holds one.
func keyText(arg string) string {
	if data, err := os.ReadFile(arg); err == nil {
		return strings.TrimSuffix(string(data), "\n")
	}
	return arg
}

// noteKey is a verifier key with its one spelling: an id alone does not tell keys apart.
type noteKey struct {
	note.Verifier
	text string
}

// spelling is the one spelling of a verifier key: name, id in lower case, base64 without white space.
var spelling = regexp.MustCompile(`^[!-*,-~]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$`)

func verifier(text string) noteKey {
	v, err := note.NewVerifier(text)
	if err != nil || !spelling.MatchString(text) {
		fail("not a verifier key of type 01, or with another key's id")
	}
	return noteKey{v, text}
}

// open checks a note by each of keys, which must sign once each, in lines whose names nobody else uses.
func open(what string, data []byte, keys ...note.Verifier) *note.Note {
	n, err := note.Open(data, note.VerifierList(keys...))
	if err == nil && bytes.IndexByte(data, 0x7f) >= 0 {
		err = fmt.Errorf("a control character")
	}
	if err != nil {
		fail("%s: %v", what, err)
	}
	if len(n.Sigs) != len(keys) {
		fail("%s: not signed by every key that must sign", what)
	}
	names := map[string]int{}
	for _, key := range keys {
		names[key.Name()]++
	}
	for name, count := range names {
		if lines := bytes.Count(data[len(n.Text):], []byte("\n— "+name+" ")); lines != count {
			fail("%s: %d lines of %s, expected %d", what, lines, name, count)
		}
	}
	// The bytes are what is logged, so that there is one spelling of them.
	spelled := n.Text + "\n"
	for _, line := range strings.SplitAfter(string(data[len(n.Text)+1:]), "\n") {
		if line == "" {
			continue
		}
		fields := strings.Fields(line)
		raw, err := base64.StdEncoding.DecodeString(fields[2])
		if err != nil || !printable.MatchString(fields[1]) {
			fail("%s: not a signed note", what)
		}
		spelled += "— " + fields[1] + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
	}
	if spelled != string(data) {
		fail("%s: not spelled as a signed note is", what)
	}
	return n
}

// printable is a name: printable ASCII without spaces and `+`.
var printable = regexp.MustCompile(`^[!-*,-~]+$`)

// openExactly is open for what the log itself signs: no line of anybody else.
func openExactly(what string, data []byte, keys ...noteKey) *note.Note {
	var list []note.Verifier
	for _, key := range keys {
		list = append(list, key)
	}
	n := open(what, data, list...)
	if len(n.UnverifiedSigs) > 0 {
		fail("%s: a signature too many", what)
	}
	return n
}

type checkpoint struct {
	origin string
	tree   tlog.Tree
}

func parseCheckpoint(what, text string) checkpoint {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		fail("%s: not a checkpoint", what)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		fail("%s: not a size: %q", what, lines[1])
	}
	if !printable.MatchString(lines[0]) || !oneHash.MatchString(lines[2]) {
		fail("%s: not a root hash", what)
	}
	return checkpoint{origin: lines[0], tree: tlog.Tree{N: size, Hash: parseHash(lines[2])}}
}

// oneHash is the one spelling of 32 bytes in base64. Go's own decoder passes over line breaks.
var oneHash = regexp.MustCompile(`^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$`)

// parseHash decodes what oneHash matches.
func parseHash(text string) tlog.Hash {
	var hash tlog.Hash
	raw, _ := base64.StdEncoding.DecodeString(text)
	copy(hash[:], raw)
	return hash
}

func openCheckpoint(what string, data []byte, key note.Verifier) checkpoint {
	head := parseCheckpoint(what, open(what, data, key).Text)
	if head.origin != key.Name() {
		fail("%s: of another log", what)
	}
	return head
}

// cosigner verifies cosignature/v1: a time before the signature, two lines before the checkpoint.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	time uint64
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	c.time = binary.BigEndian.Uint64(sig)
	text := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", c.time)), msg...)
	return ed25519.Verify(c.key, text, sig[8:])
}

func newCosigner(text string) *cosigner {
	parts := strings.SplitN(text, "+", 3)
	if !spelling.MatchString(text) {
		fail("not a witness's key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != 0x04 {
		fail("not a witness's key")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	if hex.EncodeToString(digest[:4]) != parts[1] {
		fail("a witness's key with another key's id")
	}
	return &cosigner{name: parts[0], hash: binary.BigEndian.Uint32(digest[:4]), key: ed25519.PublicKey(raw[1:])}
}

// proofLines reads base64 hashes up to a blank line, and what follows it.
func proofLines(what, text string) ([]tlog.Hash, string) {
	var hashes []tlog.Hash
	for {
		end := strings.IndexByte(text, '\n')
		if end < 0 || len(hashes) > 63 {
			fail("%s: not a proof", what)
		}
		line := text[:end]
		text = text[end+1:]
		if line == "" {
			return hashes, text
		}
		if !oneHash.MatchString(line) {
			fail("%s: not a proof", what)
		}
		hashes = append(hashes, parseHash(line))
	}
}

func number(what, text, prefix string) (int64, string) {
	end := strings.IndexByte(text, '\n')
	if end < 0 || !strings.HasPrefix(text, prefix) {
		fail("%s: expected %q", what, prefix)
	}
	value, err := strconv.ParseInt(text[len(prefix):end], 10, 64)
	if err != nil || value < 0 || text[:end] != prefix+strconv.FormatInt(value, 10) {
		fail("%s: expected %qN", what, prefix)
	}
	return value, text[end+1:]
}

// tilePath is c2sp.org/tlog-tiles; sumdb has a layout of its own.
func tilePath(kind string, n int64, width int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return "tile/" + kind + "/" + path
}

func width(n, size int64) int {
	if left := size - n*256; left < 256 {
		return int(left)
	}
	return 256
}

// entries splits a bundle.
func entries(dir string, n, size int64) [][]byte {
	path := tilePath("entries", n, width(n, size))
	data := read(filepath.Join(dir, path), 256*(2+65535))
	var list [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			fail("%s: ends within an entry", path)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		list = append(list, data[2:end])
		data = data[end:]
	}
	if len(list) != width(n, size) {
		fail("%s: %d entries, expected %d", path, len(list), width(n, size))
	}
	return list
}

// compareTile compares a tile with the hashes it should hold.
func compareTile(dir, kind string, n int64, hashes []tlog.Hash, first int64) {
	path := tilePath(kind, n, len(hashes))
	data := read(filepath.Join(dir, path), int64(256*tlog.HashSize))
	if len(data) != len(hashes)*tlog.HashSize {
		fail("%s: %d bytes, expected %d", path, len(data), len(hashes)*tlog.HashSize)
	}
	for i, hash := range hashes {
		if !bytes.Equal(data[i*tlog.HashSize:(i+1)*tlog.HashSize], hash[:]) {
			fail("%s: states another hash than the entries have, at record %d", path, first+int64(i))
		}
	}
}

// fold is the root over a power of two of hashes.
func fold(hashes []tlog.Hash) tlog.Hash {
	for len(hashes) > 1 {
		next := make([]tlog.Hash, 0, len(hashes)/2)
		for i := 0; i < len(hashes); i += 2 {
			next = append(next, tlog.NodeHash(hashes[i], hashes[i+1]))
		}
		hashes = next
	}
	return hashes[0]
}

// fsck re-hashes every entry and compares every hash tile and the root.
func fsck(dir string, head checkpoint) {
	count := head.tree.N / 256
	if head.tree.N%256 != 0 {
		count++
	}
	// A head may claim any size: only what is there is made room for.
	for n := int64(0); n < count; n++ {
		path := tilePath("entries", n, width(n, head.tree.N))
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			fail("%s: missing", path)
		}
	}
	leaves := make([][]tlog.Hash, count)
	var wait sync.WaitGroup
	cores := int64(runtime.GOMAXPROCS(0))
	for core := int64(0); core < cores; core++ {
		wait.Add(1)
		go func(core int64) {
			defer wait.Done()
			for n := core; n < count; n += cores {
				list := entries(dir, n, head.tree.N)
				hashes := make([]tlog.Hash, len(list))
				for i, entry := range list {
					hashes[i] = tlog.RecordHash(entry)
				}
				compareTile(dir, "0", n, hashes, n*256)
				if len(hashes) == 256 {
					hashes = []tlog.Hash{fold(hashes)}
				}
				leaves[n] = hashes
			}
		}(core)
	}
	wait.Wait()
	// Each level of tiles holds the roots of the full tiles below.
	var level []tlog.Hash
	rest := [][]tlog.Hash{nil}
	for n, hashes := range leaves {
		if width(int64(n), head.tree.N) == 256 {
			level = append(level, hashes[0])
		} else {
			rest[0] = hashes
		}
	}
	for l := 1; len(level) > 0; l++ {
		var next []tlog.Hash
		n := 0
		for ; (n+1)*256 <= len(level); n++ {
			compareTile(dir, strconv.Itoa(l), int64(n), level[n*256:(n+1)*256], 0)
			next = append(next, fold(level[n*256:(n+1)*256]))
		}
		if len(level) > n*256 {
			compareTile(dir, strconv.Itoa(l), int64(n), level[n*256:], 0)
		}
		rest = append(rest, level[n*256:])
		level = next
	}
	// The root: what is left over on each level, from the lowest up; on a level perfect subtrees, the largest first.
	var root *tlog.Hash
	for _, hashes := range rest {
		var perfect []tlog.Hash
		for len(hashes) > 0 {
			size := 1
			for size*2 <= len(hashes) {
				size *= 2
			}
			perfect = append(perfect, fold(hashes[:size]))
			hashes = hashes[size:]
		}
		for i := len(perfect) - 1; i >= 0; i-- {
			joined := perfect[i]
			if root != nil {
				joined = tlog.NodeHash(perfect[i], *root)
			}
			root = &joined
		}
	}
	if root == nil || *root != head.tree.Hash {
		fail("the root over all entries is not the one that was signed")
	}
}

// form says whether a value is what a member must be.
type form func(interface{}) bool

// members are the forms of an object's members by their names; one whose name ends in `?` may be missing.
type members map[string]form

func text(pattern string) form {
	match := regexp.MustCompile("^(?:" + pattern + ")$")
	return func(v interface{}) bool {
		s, ok := v.(string)
		return ok && match.MatchString(s)
	}
}

func count(v interface{}) bool {
	n, ok := v.(json.Number)
	value, err := strconv.ParseInt(string(n), 10, 64)
	return ok && err == nil && value >= 0 && value < 1<<53 && strconv.FormatInt(value, 10) == string(n)
}

func day(v interface{}) bool {
	s, ok := v.(string)
	_, err := time.Parse("2006-01-02", s)
	return ok && err == nil && len(s) == 10 && s >= "0001"
}

// list is a list of different words, at least one.
func list(words string) form {
	one := text(words)
	return func(v interface{}) bool {
		items, ok := v.([]interface{})
		seen := map[interface{}]bool{}
		for _, item := range items {
			ok = ok && one(item) && !seen[item]
			if ok {
				seen[item] = true
			}
		}
		return ok && len(items) > 0
	}
}

func object(m members) form {
	return func(v interface{}) bool { return misfit(v, m) == "" }
}

// misfit names a member that is missing, of another form or not among those that there are.
func misfit(v interface{}, m members) string {
	values, ok := v.(map[string]interface{})
	if !ok {
		return "record"
	}
	for name, value := range values {
		is, ok := m[name]
		if !ok {
			is, ok = m[name+"?"]
		}
		if !ok || !is(value) {
			return name
		}
	}
	for name := range m {
		if _, ok := values[name]; !ok && !strings.HasSuffix(name, "?") {
			return name
		}
	}
	return ""
}

const fieldNames = "firstName|phone|displayName|contactRoute|region|topics|interests"

// The members of each type of record: docs/formats.md, section 3.
var types = func() map[string]members {
	digest, id, hash, name := text("[0-9a-f]{64}"), text("[0-9a-f]{32}"), text("[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="), text("[!-~]{1,200}")
	one := func(v interface{}) bool { return v == json.Number("1") }
	all := members{"at": day, "policy": digest, "v": one}
	ofRelease := members{"release": id, "seq": count}
	actor := members{"channel": text("paper|phone|screen"), "principal": hash, "agent?": hash}
	pointer := object(members{"index": count, "leaf": hash, "origin": name})
	under, to := members{"under": pointer}, members{"to": object(members{"person": hash})}
	join := func(parts ...members) members {
		joined := members{}
		for _, part := range parts {
			for name, form := range part {
				joined[name] = form
			}
		}
		return joined
	}
	fields := members{}
	for _, name := range strings.Split(fieldNames, "|") {
		fields[name+"?"] = hash
	}
	return map[string]members{
		"genesis": join(all, members{
			"log": name, "origin": name, "record": name, "recovery": name,
			"after?": object(members{"origin": name, "root": hash, "size": count}),
		}),
		"policy":          join(all, members{"effective": day, "program": name, "version": count}),
		"acknowledgement": join(all, members{"by": object(actor), "form": digest, "display?": hash}),
		"release": join(all, ofRelease, to, members{
			"by":      object(join(actor, members{"evidence": hash})),
			"expires": object(members{"date": day, "on": list("relationshipEnded")}),
			"fields": func(v interface{}) bool {
				values, ok := v.(map[string]interface{})
				return ok && len(values) > 0 && misfit(v, fields) == ""
			},
			"form": digest, "purpose": text("firstCallAndMeeting|peerConversation|listing|mentoring|goingOn"), "shown": hash, "supersedes?": pointer,
		}),
		"disclosure": join(all, ofRelease, under, to, members{
			"act": hash, "card": count, "fields": list(fieldNames), "notice": digest, "rule": name,
		}),
		"rescission": join(all, ofRelease, under, members{"by": object(actor)}),
		"closing":    join(all, ofRelease, under),
		"error":      join(all, ofRelease, under, members{"of": pointer}),
		"key":        {"at": day, "from": count, "key": name, "role": text("log|record"), "state": text("active|revoked"), "v": one},
	}
}()

// The redisclosure notices: that of the two clinical fields, and that of all others.
var notices = map[bool]string{
	true:  fmt.Sprintf("%x", sha256.Sum256([]byte("42 CFR part 2 prohibits unauthorized use or disclosure of these records."))),
	false: fmt.Sprintf("%x", sha256.Sum256([]byte("Given for mentoring alone. Do not pass it on."))),
}

// statement is a record: its type and its members, each of its form.
type statement struct {
	kind   string
	values map[string]interface{}
}

// pointer is an earlier record; one that is not stated is that of no record.
type pointer struct {
	index        int64
	leaf, origin string
}

func (st statement) text(name string) string {
	value, _ := st.values[name].(string)
	return value
}

func (st statement) number(name string) int64 {
	number, _ := st.values[name].(json.Number)
	value, _ := number.Int64()
	return value
}

func (st statement) place(name string) pointer {
	values, ok := st.values[name].(map[string]interface{})
	if !ok {
		return pointer{index: -1}
	}
	place := statement{values: values}
	return pointer{place.number("index"), place.text("leaf"), place.text("origin")}
}

// fields are the names of the fields that a release or a disclosure covers, in order.
func (st statement) fields() string {
	var names []string
	switch fields := st.values["fields"].(type) {
	case map[string]interface{}:
		for name := range fields {
			names = append(names, name)
		}
	case []interface{}:
		for _, name := range fields {
			names = append(names, name.(string))
		}
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}

// parseRecord reads the text of a record: two lines, the second of canonical JSON, every member there and no other.
func parseRecord(what, record, origin string) statement {
	lines := strings.Split(record, "\n")
	if len(lines) != 3 || lines[2] != "" || !strings.HasPrefix(lines[0], origin+"/") || !strings.HasSuffix(lines[0], "/v1") {
		fail("%s: not a record of this log", what)
	}
	st := statement{kind: strings.TrimSuffix(strings.TrimPrefix(lines[0], origin+"/"), "/v1")}
	forms, ok := types[st.kind]
	if !ok {
		fail("%s: of no type that is known", what)
	}
	var value interface{}
	decoder := json.NewDecoder(strings.NewReader(lines[1]))
	decoder.UseNumber()
	var again bytes.Buffer
	encoder := json.NewEncoder(&again)
	encoder.SetEscapeHTML(false)
	isPlain := len(lines[1]) <= 8192 && strings.IndexFunc(lines[1], func(r rune) bool { return r < 0x20 || r > 0x7e }) < 0
	if !isPlain || decoder.Decode(&value) != nil || encoder.Encode(value) != nil || again.String() != lines[1]+"\n" {
		fail("%s: not in canonical form", what)
	}
	if name := misfit(value, forms); name != "" {
		fail("%s: `%s` is missing, not of its form, or does not belong there", what, name)
	}
	st.values = value.(map[string]interface{})
	return st
}

// trail is what the log said of one release so far.
type trail struct {
	next            int64
	place           pointer
	lastDay, fields string
	ended           map[string]bool
	isDisclosed     bool
}

// ledger is what the log said so far, as far as later records depend on it.
type ledger struct {
	origin, day string
	policies    map[string]bool
	trails      map[string]*trail
	// The releases that are recorded, or end, at a place.
	recorded, ends map[pointer]string
}

// follow checks a record against those before it.
func (l *ledger) follow(what string, st statement, index int64, leaf tlog.Hash) {
	at := st.text("at")
	isLate := st.kind == "closing" || st.kind == "rescission"
	if at < l.day && !isLate {
		fail("%s: dated %s, after a record of %s", what, at, l.day)
	}
	if at > l.day {
		l.day = at
	}
	if st.kind == "genesis" || st.kind == "policy" {
		l.policies[st.text("policy")] = true
	} else if st.kind != "key" && !l.policies[st.text("policy")] {
		fail("%s: under a policy that the log never stated", what)
	}
	id := st.text("release")
	if id == "" {
		return
	}
	own := l.trails[id]
	if own == nil {
		own = &trail{place: pointer{index: -1}, ended: map[string]bool{}}
		l.trails[id] = own
	}
	if st.number("seq") != own.next {
		fail("%s: out of sequence within its release", what)
	}
	own.next++
	here := pointer{index, base64.StdEncoding.EncodeToString(leaf[:]), l.origin}
	if st.kind == "release" {
		if own.place.index >= 0 {
			fail("%s: a release recorded twice", what)
		}
		own.lastDay = statement{values: st.values["expires"].(map[string]interface{})}.text("date")
		if own.lastDay < at {
			fail("%s: expires before it is signed", what)
		}
		if _, ok := st.values["supersedes"]; ok {
			old, ok := l.recorded[st.place("supersedes")]
			if !ok {
				fail("%s: in place of no earlier release", what)
			}
			if len(l.trails[old].ended) > 0 {
				fail("%s: in place of a release that had ended", what)
			}
		}
		own.place, own.fields = here, st.fields()
		l.recorded[here] = id
		return
	}
	if own.place.index < 0 || st.place("under") != own.place {
		fail("%s: without its release", what)
	}
	switch {
	case st.kind == "error":
		if l.ends[st.place("of")] != id {
			fail("%s: in error, and of no end of this release", what)
		}
	case isLate:
		if own.ended[st.kind] {
			fail("%s: a %s twice", what, st.kind)
		}
		own.ended[st.kind] = true
		l.ends[here] = id
	case len(own.ended) > 0:
		fail("%s: disclosed after the release ended", what)
	case at > own.lastDay:
		fail("%s: disclosed after %s, when the release expired", what, own.lastDay)
	case st.fields() != own.fields:
		fail("%s: other fields than the release permits", what)
	case st.text("notice") != notices[st.fields() == "firstName phone"]:
		fail("%s: without the notice that goes with it", what)
	case own.isDisclosed:
		fail("%s: a second disclosure of one release", what)
	default:
		own.isDisclosed = true
	}
}

// keyring holds the keys in force after the records so far, and those that were in force before.
type keyring struct {
	record, log, recovery noteKey
	// Where the record key came into force, and of which role the key is that a revocation left without one.
	recordFrom int64
	awaited    string
	known      map[string]bool
	older      map[string]noteKey
	// The size of a head that a witness signed.
	seen int64
}

func (k *keyring) begin(what, origin string, st statement, entry []byte) {
	k.record, k.log, k.recovery = verifier(st.text("record")), verifier(st.text("log")), verifier(st.text("recovery"))
	if st.text("origin") != origin || k.log.Name() != origin || k.record.Name() != origin+"/record" || k.recovery.Name() != origin+"/recovery" {
		fail("%s: does not name the keys of this log", what)
	}
	k.known = map[string]bool{k.record.text: true, k.log.text: true}
	k.older = map[string]noteKey{}
	fmt.Printf("fingerprint of this log, to compare with your paper: %x\n", sha256.Sum256(entry))
	openExactly(what, entry, k.record)
}

// take checks who signed a statement about a key, and puts it into effect.
func (k *keyring) take(what string, entry []byte, st statement, index int64) {
	key, role, from := verifier(st.text("key")), st.text("role"), st.number("from")
	current := &k.record
	if role == "log" {
		current = &k.log
	}
	if key.Name() != current.Name() || from > index+1 {
		fail("%s: a key of another name, or from a place that is not in the log", what)
	}
	if st.text("state") == "revoked" {
		if key.text != current.text || k.awaited != "" {
			fail("%s: revokes a key that is not in force", what)
		}
		openExactly(what, entry, k.recovery)
		k.awaited = role
		first := k.seen
		if first > index {
			first = 0
		}
		if first > from {
			first = from
		}
		if first < k.recordFrom {
			first = k.recordFrom
		}
		if role == "record" && first < index {
			fail("%s revokes the key of records %d to %d, and no head over them that a witness signed before is given", what, first, index-1)
		}
		return
	}
	if k.known[key.text] || from != index+1 {
		fail("%s: the key was in force before, or is not from the next record on", what)
	}
	switch {
	case k.awaited == role:
		openExactly(what, entry, k.recovery, key)
	case k.awaited != "":
		fail("%s: by a revoked key", what)
	case role == "log":
		openExactly(what, entry, k.record, k.log, key)
	default:
		openExactly(what, entry, k.record, key)
	}
	k.known[key.text] = true
	k.older[fmt.Sprintf("%s-%08x", role, current.KeyHash())] = *current
	*current, k.awaited = key, ""
	if role == "record" {
		k.recordFrom = from
	}
}

// all walks the log in order: one key after the other, every record's signature and content, then every hash and file.
func all(dir string, cosigned []byte, witness *cosigner) {
	found := files(dir)
	data := read(filepath.Join(dir, "checkpoint"), 65535)
	signed := strings.SplitN(string(data), "\n\n", 2)[0] + "\n"
	head := parseCheckpoint("checkpoint", signed)
	if head.tree.N == 0 {
		fail("checkpoint: of an empty log")
	}
	seen, under := checkpoint{}, ""
	if witness != nil {
		seen = parseCheckpoint("cosigned", open("cosigned", cosigned, witness).Text)
		if seen.origin != head.origin || seen.tree.N > head.tree.N {
			fail("cosigned: of another log, or of more records")
		}
		under = ", with what " + witness.name + " saw"
	}
	keys := keyring{seen: seen.tree.N}
	past := ledger{
		origin: head.origin, policies: map[string]bool{}, trails: map[string]*trail{}, recorded: map[pointer]string{}, ends: map[pointer]string{},
	}
	var peaks []tlog.Hash
	var index int64
	for n := int64(0); n <= (head.tree.N-1)/256; n++ {
		for _, entry := range entries(dir, n, head.tree.N) {
			what := fmt.Sprintf("record %d", index)
			end := bytes.LastIndex(entry, []byte("\n\n"))
			if end < 0 {
				fail("%s: not a signed note", what)
			}
			st := parseRecord(what, string(entry[:end+1]), head.origin)
			if keys.awaited != "" && st.kind != "key" {
				fail("%s: by a revoked key", what)
			}
			if (index == 0) != (st.kind == "genesis") {
				fail("%s: a log begins with its genesis record, and has one", what)
			}
			switch st.kind {
			case "genesis":
				keys.begin(what, head.origin, st, entry)
			case "key":
				keys.take(what, entry, st, index)
			default:
				openExactly(what, entry, keys.record)
			}
			leaf := tlog.RecordHash(entry)
			past.follow(what, st, index, leaf)
			peaks = append(peaks, leaf)
			for bits := index; bits&1 == 1; bits >>= 1 {
				last := len(peaks) - 1
				peaks = append(peaks[:last-1], tlog.NodeHash(peaks[last-1], peaks[last]))
			}
			index++
			if index == seen.tree.N {
				root := peaks[len(peaks)-1]
				for i := len(peaks) - 2; i >= 0; i-- {
					root = tlog.NodeHash(peaks[i], root)
				}
				if root != seen.tree.Hash {
					fail("two histories: the witness signed another one of the first %d records", index)
				}
			}
		}
	}
	if keys.awaited != "" {
		fail("the log ends with a revocation and no key in its place")
	}
	openCheckpoint("checkpoint", data, keys.log)
	manifest := openExactly("manifest", read(filepath.Join(dir, "manifest"), 64<<20), keys.record).Text
	root := base64.StdEncoding.EncodeToString(head.tree.Hash[:])
	start := fmt.Sprintf("%s/manifest/v1\nsize %d\nroot %s\n", head.origin, head.tree.N, root)
	if !strings.HasPrefix(manifest, start) {
		fail("manifest: of another head")
	}
	keys.older["log"], keys.older["record"], keys.older["recovery"] = keys.log, keys.record, keys.recovery
	expected := map[string]string{"checkpoint": "", "trust": fmt.Sprintf("%x", sha256.Sum256([]byte("log "+keys.log.text+"\nquorum none\n")))}
	for name, key := range keys.older {
		expected["keys/"+name+".vkey"] = fmt.Sprintf("%x", sha256.Sum256([]byte(key.text+"\n")))
	}
	for digest := range past.policies {
		expected["policy/"+digest+".json"] = digest
	}
	for _, path := range tilesOf(head.tree.N) {
		expected[path] = ""
	}
	checkFiles(dir, strings.TrimPrefix(manifest, start), found, expected)
	fsck(dir, head)
	fmt.Printf("%d records, every signature, every rule, every hash and every file%s: verified with %s\n", index, under, runtime.Version())
}

// files lists a folder, in order; links and whatever else is no file are refused before anything is opened.
func files(dir string) []string {
	var found []string
	err := filepath.WalkDir(dir+"/.", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() {
			fail("%s: no file", name)
		}
		found = append(found, filepath.ToSlash(name))
		return nil
	})
	if err != nil {
		fail("the folder cannot be read: %v", err)
	}
	sort.Strings(found)
	return found
}

// tilesOf are the tiles that a log of a size consists of.
func tilesOf(size int64) []string {
	var paths []string
	add := func(kind string, count int64) {
		for n := int64(0); n*256 < count; n++ {
			paths = append(paths, tilePath(kind, n, width(n, count)))
		}
	}
	add("entries", size)
	for level, count := 0, size; count > 0; level, count = level+1, count/256 {
		add(strconv.Itoa(level), count)
	}
	return paths
}

// checkFiles compares the files that are there with those that the manifest lists, and with those that the log asks for,
// some of them with their digests.
func checkFiles(dir, manifest string, found []string, expected map[string]string) {
	line := regexp.MustCompile(`^([0-9a-f]{64})  ([A-Za-z0-9._/-]+)$`)
	var listed []string
	stated := map[string]string{}
	for _, text := range strings.Split(strings.TrimSuffix(manifest, "\n"), "\n") {
		parts := line.FindStringSubmatch(text)
		if parts == nil {
			fail("manifest: not a list of files")
		}
		listed = append(listed, parts[2])
		stated[parts[2]] = parts[1]
	}
	there := []string{}
	for _, name := range found {
		if name == "manifest" {
			continue
		}
		there = append(there, name)
		if _, ok := stated[name]; !ok {
			fail("%s: a file that the manifest does not list", name)
		}
		if _, ok := expected[name]; !ok && name != "README.md" && name != "kit/verify.go" && name != "kit/verify.sh" {
			fail("%s: a file that is no part of an export", name)
		}
	}
	if strings.Join(there, "\n") != strings.Join(listed, "\n") {
		fail("manifest: does not list the files that are there, each once, in order")
	}
	for name, digest := range expected {
		if stated[name] == "" || digest != "" && digest != stated[name] {
			fail("%s: missing, or not what the log states", name)
		}
	}
	for _, name := range listed {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			fail("%s: cannot be read", name)
		}
		hash := sha256.New()
		_, err = io.Copy(hash, file)
		file.Close()
		if err != nil || hex.EncodeToString(hash.Sum(nil)) != stated[name] {
			fail("%s: changed", name)
		}
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: verify all EXPORT [COSIGNED KEY] | fsck EXPORT | record|checkpoint|cosignature NOTE KEY | inclusion NOTE PROOF KEY | consistency OLD-NOTE REQUEST KEY | commitment PATH VALUE OPENING STATED")
	os.Exit(2)
}

func main() {
	args := os.Args[1:]
	counts := map[string]int{"all": 2, "fsck": 2, "record": 3, "checkpoint": 3, "cosignature": 3, "inclusion": 4, "consistency": 4, "commitment": 5}
	isWitnessed := len(args) == 4 && args[0] == "all"
	if len(args) == 0 || counts[args[0]] != len(args) && !isWitnessed {
		usage()
	}
	const limit = 65535
	switch args[0] {
	case "all":
		if isWitnessed {
			all(args[1], read(args[2], limit), newCosigner(keyText(args[3])))
		} else {
			all(args[1], nil, nil)
		}
	case "fsck":
		files(args[1])
		key := verifier(keyText(filepath.Join(args[1], "keys", "log.vkey")))
		head := openCheckpoint("checkpoint", read(filepath.Join(args[1], "checkpoint"), limit), key)
		fsck(args[1], head)
		fmt.Printf("%d records: every hash and the head verified with %s\n", head.tree.N, runtime.Version())
	case "record":
		key := verifier(keyText(args[2]))
		if !strings.HasSuffix(key.Name(), "/record") {
			fail("record: not a record key")
		}
		st := parseRecord("record", open("record", read(args[1], limit), key).Text, strings.TrimSuffix(key.Name(), "/record"))
		fmt.Printf("record: %s, signed by %s: verified\n", st.kind, key.Name())
	case "checkpoint":
		head := openCheckpoint("checkpoint", read(args[1], limit), verifier(keyText(args[2])))
		fmt.Printf("checkpoint: %d records of %s: verified\n", head.tree.N, head.origin)
	case "cosignature":
		witness := newCosigner(keyText(args[2]))
		head := parseCheckpoint("checkpoint", open("checkpoint", read(args[1], limit), witness).Text)
		fmt.Printf("cosignature: %s saw %d records of %s at %d: verified\n", witness.name, head.tree.N, head.origin, witness.time)
	case "inclusion":
		text := string(read(args[2], limit))
		if !strings.HasPrefix(text, "c2sp.org/tlog-proof@v1\n") {
			fail("proof: not a proof")
		}
		index, text := number("proof", strings.TrimPrefix(text, "c2sp.org/tlog-proof@v1\n"), "index ")
		hashes, text := proofLines("proof", text)
		head := openCheckpoint("proof", []byte(text), verifier(keyText(args[3])))
		if err := tlog.CheckRecord(hashes, head.tree.N, head.tree.Hash, index, tlog.RecordHash(read(args[1], limit))); err != nil {
			fail("proof: does not lead to the signed root")
		}
		fmt.Printf("inclusion: record %d of %d: verified\n", index, head.tree.N)
	case "consistency":
		key := verifier(keyText(args[3]))
		old := openCheckpoint("old checkpoint", read(args[1], limit), key)
		size, text := number("request", string(read(args[2], 2*limit)), "old ")
		hashes, text := proofLines("request", text)
		head := openCheckpoint("request", []byte(text), key)
		if size != old.tree.N {
			fail("request: continues a head of size %d, not %d", size, old.tree.N)
		}
		if size > head.tree.N {
			fail("request: the new head is shorter")
		}
		if size == head.tree.N {
			if len(hashes) > 0 || old.tree.Hash != head.tree.Hash {
				fail("two histories of the same %d records", size)
			}
		} else if err := tlog.CheckTree(hashes, head.tree.N, head.tree.Hash, old.tree.N, old.tree.Hash); err != nil {
			fail("the log of %d records does not continue the log of %d", head.tree.N, old.tree.N)
		}
		fmt.Printf("consistency: %d records continue %d: verified\n", head.tree.N, old.tree.N)
	case "commitment":
		key, err := hex.DecodeString(args[3])
		if err != nil {
			fail("opening: expected hexadecimal digits")
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(args[1] + "\x00" + args[2]))
		if base64.StdEncoding.EncodeToString(mac.Sum(nil)) != args[4] {
			fail("commitment: of another value, or another opening")
		}
		fmt.Printf("commitment: %s is what was committed to: verified\n", args[1])
	default:
		usage()
	}
}
