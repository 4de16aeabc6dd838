// Makes exports that are wrong in one thing each, signed where the attacker is the operator. Shares nothing with Privity.
//
//	mutants OUT           writes OUT/001 … and OUT/table: number, tab, verdict, tab, name
//
// A row of the table below is a mutant: what it is, the verdict of all three verifiers, and how it differs from a log
// that keeps every rule. A new one is a new row.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

var b64 = base64.StdEncoding.EncodeToString

// signer is a key with the name that it signs under.
type signer struct {
	name string
	kind byte
	key  ed25519.PrivateKey
}

func newSigner(name string, kind, seed byte) signer {
	return signer{name, kind, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))}
}

func (s signer) raw() []byte { return append([]byte{s.kind}, s.key.Public().(ed25519.PublicKey)...) }
func (s signer) id() []byte {
	sum := sha256.Sum256(append([]byte(s.name+"\n"), s.raw()...))
	return sum[:4]
}
func (s signer) text() string { return fmt.Sprintf("%s+%x+%s", s.name, s.id(), b64(s.raw())) }
func (s signer) line(text string) string {
	return "— " + s.name + " " + b64(append(s.id(), ed25519.Sign(s.key, []byte(text))...)) + "\n"
}

// cosign is a witness's line.
func (s signer) cosign(text string, time uint64) string {
	stamp := make([]byte, 8)
	binary.BigEndian.PutUint64(stamp, time)
	sig := ed25519.Sign(s.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, text)))
	return "— " + s.name + " " + b64(append(append(s.id(), stamp...), sig...)) + "\n"
}

func sign(text string, by ...signer) string {
	note := text + "\n"
	for _, s := range by {
		note += s.line(text)
	}
	return note
}

const origin = "example.org/mphp"

type m = map[string]interface{}

var (
	record   = newSigner(origin+"/record", 1, 1)
	logKey   = newSigner(origin, 1, 2)
	recovery = newSigner(origin+"/recovery", 1, 3)
	witness  = newSigner("auditor.example.net/cora", 4, 4)
	next     = newSigner(origin+"/record", 1, 5)
	nextLog  = newSigner(origin, 1, 6)
	stranger = newSigner("stranger.example", 1, 7)

	hash   = b64(bytes.Repeat([]byte{9}, 32))
	id     = strings.Repeat("0f", 16)
	other  = strings.Repeat("1e", 16)
	policy = []byte(`{"program":"mphp"}`)
	digest = fmt.Sprintf("%x", sha256.Sum256(policy))
	card   = fmt.Sprintf("%x", sha256.Sum256([]byte("42 CFR part 2 prohibits unauthorized use or disclosure of these records.")))
	plain  = fmt.Sprintf("%x", sha256.Sum256([]byte("Given for mentoring alone. Do not pass it on.")))
)

// world is a log under construction and the export that is made of it.
type world struct {
	entries []string
	files   map[string][]byte
	// The keys in force, which sign the manifest and the head.
	record, log signer
	old         []signer
	// edits change the line of JSON of the first record of a type before it is signed.
	edits map[string]func(string) string
	// note changes the bytes of the first record of a type after it was signed.
	notes map[string]func(string) string
	// head and manifest change the text before it is signed; headNote and manifestNote the bytes after.
	head, manifest, headNote, manifestNote func(string) string
	// list changes the lines of the manifest.
	list func([]string) []string
	// disk is what somebody without keys does to the folder.
	disk func(dir string)
	// headBy signs the head, where that is another key than the one in force.
	headBy []signer
	// recovery stands in the file of the recovery key.
	recovery string
	// isAlone keeps a log at its genesis record.
	isAlone bool
	// cosigned is a head with a witness's line, which lies beside the export.
	cosigned string
}

func canonical(v interface{}) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	check(encoder.Encode(v))
	return strings.TrimSuffix(out.String(), "\n")
}

func leaf(entry string) []byte {
	sum := sha256.Sum256([]byte("\x00" + entry))
	return sum[:]
}

func node(left, right []byte) []byte {
	sum := sha256.Sum256(append(append([]byte{1}, left...), right...))
	return sum[:]
}

// text appends a record by its text.
func (w *world) text(text string, by ...signer) { w.entries = append(w.entries, sign(text, by...)) }

// raw appends a record of a type by its line of JSON.
func (w *world) raw(kind, line string, by ...signer) {
	if kind != "genesis" {
		w.begin()
	}
	if len(by) == 0 {
		by = []signer{w.record}
	}
	if edit := w.edits[kind]; edit != nil {
		line = edit(line)
		delete(w.edits, kind)
	}
	text := origin + "/" + kind + "/v1\n" + line + "\n"
	if i := strings.IndexByte(line, 0); i >= 0 { // a whole text
		text = line[i+1:]
	}
	entry := sign(text, by...)
	if edit := w.notes[kind]; edit != nil {
		entry = edit(entry)
		delete(w.notes, kind)
	}
	w.entries = append(w.entries, entry)
}

// begin writes the genesis record, if there is none.
func (w *world) begin() {
	if len(w.entries) == 0 {
		w.genesis()
	}
}

func (w *world) add(kind string, members, more m, by ...signer) {
	if kind != "genesis" {
		w.begin()
	}
	all := m{"at": "2026-01-05", "v": 1}
	for _, part := range []m{members, more} {
		for name, value := range part {
			if value == nil {
				delete(all, name)
			} else {
				all[name] = value
			}
		}
	}
	w.raw(kind, canonical(all), by...)
}

func (w *world) at(index int) m {
	w.begin()
	if index >= len(w.entries) {
		return m{"index": index, "leaf": hash, "origin": origin}
	}
	return m{"index": index, "leaf": b64(leaf(w.entries[index])), "origin": origin}
}

func (w *world) genesis() {
	w.add("genesis", m{"log": logKey.text(), "origin": origin, "policy": digest, "record": record.text(), "recovery": recovery.text()}, nil)
}

func (w *world) acknowledgement(more m) {
	w.add("acknowledgement", m{"by": m{"channel": "screen", "principal": hash}, "display": hash, "form": digest, "policy": digest}, more)
}

func (w *world) release(more m) int {
	w.add("release", m{
		"by": m{"channel": "screen", "evidence": hash, "principal": hash}, "expires": m{"date": "2027-01-05", "on": []string{"relationshipEnded"}},
		"fields": m{"firstName": hash, "phone": hash}, "form": digest, "policy": digest, "purpose": "firstCallAndMeeting", "release": id,
		"seq": 0, "shown": hash, "to": m{"person": hash},
	}, more)
	return len(w.entries) - 1
}

func (w *world) disclosure(under, seq int, more m) {
	w.add("disclosure", m{
		"act": hash, "card": 1, "fields": []string{"firstName", "phone"}, "notice": card, "policy": digest, "release": id,
		"rule": "mphp/mentorship/disclose", "seq": seq, "to": m{"person": hash}, "under": w.at(under),
	}, more)
}

func (w *world) rescission(under, seq int, more m) {
	w.add("rescission", m{"by": m{"channel": "phone", "principal": hash}, "policy": digest, "release": id, "seq": seq, "under": w.at(under)}, more)
}

func (w *world) closing(under, seq int, more m) {
	w.add("closing", m{"policy": digest, "release": id, "seq": seq, "under": w.at(under)}, more)
}

func (w *world) fault(under, of, seq int, more m) {
	w.add("error", m{"of": w.at(of), "policy": digest, "release": id, "seq": seq, "under": w.at(under)}, more)
}

func (w *world) policy(more m, by ...signer) {
	w.add("policy", m{"effective": "2026-01-05", "policy": digest, "program": "mphp", "version": 2}, more, by...)
}

func (w *world) key(s signer, role, state string, from int, by ...signer) {
	w.begin()
	if from < 0 {
		from = len(w.entries) + 1
	}
	w.add("key", m{"from": from, "key": s.text(), "role": role, "state": state}, nil, by...)
}

// rotate is a rotation that is as it must be.
func (w *world) rotate(role string, to signer) {
	if role == "log" {
		w.key(to, role, "active", -1, w.record, w.log, to)
		w.old, w.log = append(w.old, w.log), to
	} else {
		w.key(to, role, "active", -1, w.record, to)
		w.old, w.record = append(w.old, w.record), to
	}
}

// saw has a witness sign the head of the first records.
func (w *world) saw(size int, by signer) {
	var hashes [][]byte
	for _, entry := range w.entries[:size] {
		hashes = append(hashes, leaf(entry))
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, b64(root(hashes)))
	w.cosigned = sign(text, logKey) + by.cosign(text, 1790000000)
}

// every has a record of each type, but key.
func (w *world) every() {
	w.acknowledgement(nil)
	w.policy(nil)
	own := w.release(nil)
	w.disclosure(own, 1, nil)
	w.closing(own, 2, nil)
	w.fault(own, len(w.entries)-1, 3, nil)
	w.rescission(own, 4, nil)
}

func width(n, count int) int {
	if left := count - n*256; left < 256 {
		return left
	}
	return 256
}

func tilePath(kind string, n, width int) string {
	path := fmt.Sprintf("tile/%s/%03d", kind, n)
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}

func root(hashes [][]byte) []byte {
	if len(hashes) == 1 {
		return hashes[0]
	}
	k := 1
	for k*2 < len(hashes) {
		k *= 2
	}
	return node(root(hashes[:k]), root(hashes[k:]))
}

func through(edit func(string) string, text string) string {
	if edit == nil {
		return text
	}
	return edit(text)
}

// seal makes every file but the manifest.
func (w *world) seal() {
	var level [][]byte
	for n := 0; n*256 < len(w.entries); n++ {
		var bundle []byte
		for _, entry := range w.entries[n*256 : n*256+width(n, len(w.entries))] {
			bundle = append(bundle, byte(len(entry)>>8), byte(len(entry)))
			bundle = append(bundle, entry...)
			level = append(level, leaf(entry))
		}
		w.files[tilePath("entries", n, width(n, len(w.entries)))] = bundle
	}
	top := root(level)
	for l := 0; len(level) > 0; l++ {
		var above [][]byte
		for n := 0; n*256 < len(level); n++ {
			part := level[n*256 : n*256+width(n, len(level))]
			w.files[tilePath(fmt.Sprint(l), n, len(part))] = bytes.Join(part, nil)
			if len(part) == 256 {
				above = append(above, root(part))
			}
		}
		level = above
	}
	text := through(w.head, fmt.Sprintf("%s\n%d\n%s\n", origin, len(w.entries), b64(top)))
	if w.headBy == nil {
		w.headBy = []signer{w.log}
	}
	w.files["checkpoint"] = []byte(through(w.headNote, sign(text, w.headBy...)))
	if w.recovery == "" {
		w.recovery = recovery.text()
	}
	for name, key := range map[string]string{"log": w.log.text(), "record": w.record.text(), "recovery": w.recovery} {
		w.files["keys/"+name+".vkey"] = []byte(key + "\n")
	}
	for _, key := range w.old {
		role := "record"
		if key.name == origin {
			role = "log"
		}
		w.files[fmt.Sprintf("keys/%s-%x.vkey", role, key.id())] = []byte(key.text() + "\n")
	}
	w.files["policy/"+digest+".json"] = policy
	w.files["trust"] = []byte("log " + w.log.text() + "\nquorum none\n")
}

// write lists the files, signs the list and puts all of it in place.
func (w *world) write(dir string) {
	var paths []string
	for path := range w.files {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	var lines []string
	for _, path := range paths {
		lines = append(lines, fmt.Sprintf("%x  %s", sha256.Sum256(w.files[path]), path))
	}
	if w.list != nil {
		lines = w.list(lines)
	}
	head := strings.Split(string(w.files["checkpoint"]), "\n")
	text := fmt.Sprintf("%s/manifest/v1\nsize %s\nroot %s\n", head[0], head[1], head[2])
	for _, line := range lines {
		text += line + "\n"
	}
	text = through(w.manifest, text)
	w.files["manifest"] = []byte(through(w.manifestNote, sign(text, w.record)))
	for path, data := range w.files {
		check(os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755))
		check(os.WriteFile(filepath.Join(dir, path), data, 0o644))
	}
	if w.disk != nil {
		w.disk(dir)
	}
}

// sub replaces the first of one thing by another, which must be there.
func sub(old, new string) func(string) string {
	return func(text string) string {
		if !strings.Contains(text, old) {
			panic("no " + old + " in " + text)
		}
		return strings.Replace(text, old, new, 1)
	}
}

// in changes the JSON of the first record of a type in a log that has one of each.
func in(kind string, edit func(string) string) func(*world) {
	return func(w *world) { w.edits[kind] = edit }
}

func signed(kind string, edit func(string) string) func(*world) {
	return func(w *world) { w.notes[kind] = edit }
}

// afterSeal changes files that are listed as they then are.
func file(path string, edit func([]byte) []byte) func(*world) {
	return func(w *world) {
		w.every()
		w.seal()
		w.files[path] = edit(w.files[path])
	}
}

func disk(do func(dir string)) func(*world) {
	return func(w *world) { w.disk = do }
}

func head(edit func(string) string) func(*world)     { return func(w *world) { w.head = edit } }
func headNote(edit func(string) string) func(*world) { return func(w *world) { w.headNote = edit } }
func listed(edit func([]string) []string) func(*world) {
	return func(w *world) { w.list = edit }
}
func whole(text string) func(string) string { return func(string) string { return "\x00" + text } }

// spare sets a bit that base64 does not carry, in the last digit before one `=`.
func spare(text string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	end := strings.LastIndexByte(text, '=') - 1
	return text[:end] + string(digits[strings.IndexByte(digits, text[end])+1]) + text[end+1:]
}

func appendTo(dir, path, text string) {
	check(os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755))
	f, err := os.OpenFile(filepath.Join(dir, path), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	check(err)
	_, err = f.WriteString(text)
	check(err)
	check(f.Close())
}

const (
	yes = "verified"
	no  = "refused"
)

type row struct {
	verdict, name string
	build         func(*world)
}

func main() {
	out, err := filepath.Abs(os.Args[1])
	check(err)
	var table strings.Builder
	for i, row := range rows() {
		w := &world{record: record, log: logKey, files: map[string][]byte{}, edits: map[string]func(string) string{}, notes: map[string]func(string) string{}}
		row.build(w)
		w.begin()
		if len(w.entries) == 1 && !w.isAlone {
			w.every()
		}
		if len(w.files) == 0 {
			w.seal()
		}
		dir := filepath.Join(out, fmt.Sprintf("%03d", i+1))
		w.write(dir)
		if w.cosigned != "" {
			check(os.WriteFile(dir+".cosigned", []byte(w.cosigned), 0o644))
		}
		fmt.Fprintf(&table, "%03d\t%s\t%s\n", i+1, row.verdict, row.name)
	}
	ask(out)
	check(os.WriteFile(filepath.Join(out, "witness"), []byte(witness.text()+"\n"), 0o644))
	check(os.WriteFile(filepath.Join(out, "table"), []byte(table.String()), 0o644))
}

var _ = syscall.Mkfifo
