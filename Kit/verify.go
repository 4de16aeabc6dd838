// Verifies what Privity recorded, with Go's own packages: golang.org/x/mod/sumdb/note and sumdb/tlog. Nothing of Privity's is used.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o verify verify.go     (Debian: golang-go, golang-golang-x-mod-dev)
//
//	verify all EXPORT                            records, signatures, keys, order, every hash, the head
//	verify fsck EXPORT                           every hash and the head alone, on as many cores as GOMAXPROCS says
//	verify record NOTE KEY                       one record
//	verify checkpoint NOTE KEY                   one head
//	verify cosignature NOTE KEY                  a witness's line on a head
//	verify inclusion NOTE PROOF KEY              a record is in the log (a receipt)
//	verify consistency OLD-NOTE REQUEST KEY      the head in REQUEST continues the old head
//	verify commitment PATH VALUE OPENING STATED  a revealed value is the one that was committed to
//
// KEY is a verifier key or a file that holds one. Exit status: 0 verified, 1 not verified, 2 wrong use.
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
	"runtime"
	"strconv"
	"strings"
	"sync"

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

func verifier(text string) note.Verifier {
	v, err := note.NewVerifier(text)
	if err != nil {
		fail("not a verifier key: %v", err)
	}
	return v
}

// open checks a note by each of keys, which must sign once each, in lines whose names nobody else uses.
func open(what string, data []byte, keys ...note.Verifier) *note.Note {
	n, err := note.Open(data, note.VerifierList(keys...))
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
		if err != nil {
			fail("%s: not a signed note", what)
		}
		spelled += "— " + fields[1] + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
	}
	if spelled != string(data) {
		fail("%s: not spelled as a signed note is", what)
	}
	return n
}

// openExactly is open for what the log itself signs: no line of anybody else.
func openExactly(what string, data []byte, keys ...note.Verifier) *note.Note {
	n := open(what, data, keys...)
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
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		fail("%s: not a root hash", what)
	}
	head := checkpoint{origin: lines[0], tree: tlog.Tree{N: size}}
	copy(head.tree.Hash[:], root)
	return head
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
	if len(parts) != 3 {
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
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			fail("%s: not a proof", what)
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		hashes = append(hashes, hash)
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

// statement holds the members that order and keys depend on.
type statement struct {
	from, seq             int64
	key, role, state      string
	log, record, recovery string
	release               string
	under                 pointer
}

type pointer struct {
	Index  int64  `json:"index"`
	Leaf   string `json:"leaf"`
	Origin string `json:"origin"`
}

// parseStatement reads a line of canonical JSON by exact names; printed again it must be the same line.
func parseStatement(what, line string) statement {
	members := map[string]json.RawMessage{}
	decoder := json.NewDecoder(strings.NewReader(line))
	if err := decoder.Decode(&members); err != nil {
		fail("%s: not a record", what)
	}
	var again bytes.Buffer
	encoder := json.NewEncoder(&again)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(members); err != nil || again.String() != line+"\n" {
		fail("%s: not in canonical form", what)
	}
	text := func(name string) string {
		var value string
		if raw, ok := members[name]; ok && json.Unmarshal(raw, &value) != nil {
			fail("%s: %s is no text", what, name)
		}
		return value
	}
	count := func(name string) int64 {
		value := int64(-1)
		if raw, ok := members[name]; ok && json.Unmarshal(raw, &value) != nil {
			fail("%s: %s is no number", what, name)
		}
		return value
	}
	st := statement{
		from: count("from"), seq: count("seq"), key: text("key"), role: text("role"), state: text("state"),
		release: text("release"), recovery: text("recovery"),
	}
	if raw, ok := members["under"]; ok && json.Unmarshal(raw, &st.under) != nil {
		fail("%s: under is no place in a log", what)
	}
	// In a genesis record these are keys; elsewhere nothing of the name is read.
	st.log, st.record = text("log"), text("record")
	return st
}

// trail is what the log said of one release so far.
type trail struct {
	next, index int64
	leaf        tlog.Hash
	isRecorded  bool
	isEnded     bool
}

// follow checks a record's place within its release: in sequence, and disclosed only while the release stands.
func (t *trail) follow(what, kind, origin string, st statement, index int64, leaf tlog.Hash) {
	if st.seq != t.next {
		fail("%s: out of sequence within its release", what)
	}
	t.next++
	switch kind {
	case "release":
		if t.isRecorded {
			fail("%s: a release recorded twice", what)
		}
		t.index, t.leaf, t.isRecorded = index, leaf, true
		return
	case "disclosure":
		if t.isEnded {
			fail("%s: disclosed after the release ended", what)
		}
	case "rescission", "closing":
		t.isEnded = true
	}
	same := st.under.Index == t.index && st.under.Origin == origin && st.under.Leaf == base64.StdEncoding.EncodeToString(t.leaf[:])
	if !t.isRecorded || !same {
		fail("%s: without its release", what)
	}
}

// all walks the log in order: one key after the other, every record's signature, sequence numbers, then every hash.
func all(dir string) {
	data := read(filepath.Join(dir, "checkpoint"), 65535)
	signed := strings.SplitN(string(data), "\n\n", 2)[0] + "\n"
	head := parseCheckpoint("checkpoint", signed)
	if head.tree.N == 0 {
		fail("checkpoint: of an empty log")
	}
	var record, log, recovery note.Verifier
	awaited := ""
	trails := map[string]*trail{}
	var index int64
	for n := int64(0); n <= (head.tree.N-1)/256; n++ {
		for _, entry := range entries(dir, n, head.tree.N) {
			what := fmt.Sprintf("record %d", index)
			lines := strings.SplitN(string(entry), "\n", 4)
			if len(lines) != 4 || lines[2] != "" || !strings.HasPrefix(lines[0], head.origin+"/") || !strings.HasSuffix(lines[0], "/v1") {
				fail("%s: not a record of this log", what)
			}
			kind := strings.TrimSuffix(strings.TrimPrefix(lines[0], head.origin+"/"), "/v1")
			st := parseStatement(what, lines[1])
			if awaited != "" && kind != "key" {
				fail("%s: by a revoked key", what)
			}
			if (index == 0) != (kind == "genesis") {
				fail("%s: a log begins with its genesis record, and has one", what)
			}
			switch kind {
			case "genesis":
				record, log, recovery = verifier(st.record), verifier(st.log), verifier(st.recovery)
				fmt.Printf("fingerprint of this log, to compare with your paper: %x\n", sha256.Sum256(entry))
				openExactly(what, entry, record)
			case "key":
				takeKey(what, entry, st, index, &record, &log, recovery, &awaited)
			case "policy", "acknowledgement":
				openExactly(what, entry, record)
			case "release", "disclosure", "rescission", "closing", "error":
				openExactly(what, entry, record)
				own := trails[st.release]
				if own == nil {
					own = &trail{}
					trails[st.release] = own
				}
				own.follow(what, kind, head.origin, st, index, tlog.RecordHash(entry))
			default:
				fail("%s: of no type that is known", what)
			}
			index++
		}
	}
	if awaited != "" {
		fail("the log ends with a revocation and no key in its place")
	}
	openCheckpoint("checkpoint", data, log)
	for name, key := range map[string]note.Verifier{"log": log, "record": record} {
		file := verifier(keyText(filepath.Join(dir, "keys", name+".vkey")))
		if file.Name() != key.Name() || file.KeyHash() != key.KeyHash() {
			fail("keys/%s.vkey: not the key that the log states", name)
		}
	}
	manifest := openExactly("manifest", read(filepath.Join(dir, "manifest"), 64<<20), record).Text
	root := base64.StdEncoding.EncodeToString(head.tree.Hash[:])
	if !strings.HasPrefix(manifest, fmt.Sprintf("%s/manifest/v1\nsize %d\nroot %s\n", head.origin, head.tree.N, root)) {
		fail("manifest: of another head")
	}
	checkFiles(dir, manifest)
	fsck(dir, head)
	fmt.Printf("%d records, every signature, every hash and every file: verified with %s\n", index, runtime.Version())
}

// checkFiles compares every file with the manifest, and finds those that it does not list.
func checkFiles(dir, text string) {
	listed := map[string]string{"manifest": ""}
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		fail("manifest: not a list of files")
	}
	for _, line := range lines[3 : len(lines)-1] {
		if len(line) < 67 || line[64:66] != "  " {
			fail("manifest: not a list of files")
		}
		listed[line[66:]] = line[:64]
	}
	found := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		digest, ok := listed[filepath.ToSlash(name)]
		if !ok || !entry.Type().IsRegular() {
			fail("%s: a file that the manifest does not list, or no file", name)
		}
		found++
		if name == "manifest" {
			return nil
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		hash := sha256.New()
		if _, err := io.Copy(hash, file); err != nil {
			return err
		}
		if hex.EncodeToString(hash.Sum(nil)) != digest {
			fail("%s: changed", name)
		}
		return nil
	})
	if err != nil {
		fail("the folder cannot be read: %v", err)
	}
	if found != len(listed) {
		fail("manifest: %d files are missing", len(listed)-found)
	}
}

// takeKey checks who signed a statement about a key, and puts it into effect.
func takeKey(what string, entry []byte, st statement, index int64, record, log *note.Verifier, recovery note.Verifier, awaited *string) {
	key := verifier(st.key)
	current := record
	if st.role == "log" {
		current = log
	} else if st.role != "record" {
		fail("%s: no such role", what)
	}
	if key.Name() != (*current).Name() {
		fail("%s: a key of another name", what)
	}
	isCurrent := key.KeyHash() == (*current).KeyHash()
	if st.state == "revoked" {
		if !isCurrent || *awaited != "" || st.from < 0 || st.from > index+1 {
			fail("%s: revokes a key that is not in force", what)
		}
		openExactly(what, entry, recovery)
		*awaited = st.role
		fmt.Printf("%s revokes the %s key %08x from %d on: trust only what witnesses had signed before\n", what, st.role, key.KeyHash(), st.from)
		return
	}
	if st.state != "active" || st.from != index+1 || isCurrent {
		fail("%s: no new key, or not in force from the next record on", what)
	}
	switch {
	case *awaited == st.role:
		openExactly(what, entry, recovery, key)
	case *awaited != "":
		fail("%s: by a revoked key", what)
	case st.role == "log":
		openExactly(what, entry, *record, *log, key)
	default:
		openExactly(what, entry, *record, key)
	}
	*current, *awaited = key, ""
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: verify all|fsck EXPORT | record|checkpoint|cosignature NOTE KEY | inclusion NOTE PROOF KEY | consistency OLD-NOTE REQUEST KEY | commitment PATH VALUE OPENING STATED")
	os.Exit(2)
}

func main() {
	args := os.Args[1:]
	counts := map[string]int{"all": 2, "fsck": 2, "record": 3, "checkpoint": 3, "cosignature": 3, "inclusion": 4, "consistency": 4, "commitment": 5}
	if len(args) == 0 || counts[args[0]] != len(args) {
		usage()
	}
	const limit = 65535
	switch args[0] {
	case "all":
		all(args[1])
	case "fsck":
		key := verifier(keyText(filepath.Join(args[1], "keys", "log.vkey")))
		head := openCheckpoint("checkpoint", read(filepath.Join(args[1], "checkpoint"), limit), key)
		fsck(args[1], head)
		fmt.Printf("%d records: every hash and the head verified with %s\n", head.tree.N, runtime.Version())
	case "record":
		key := verifier(keyText(args[2]))
		n := open("record", read(args[1], limit), key)
		if !strings.HasPrefix(n.Text, strings.TrimSuffix(key.Name(), "record")) {
			fail("record: of another log")
		}
		fmt.Printf("record: signed by %s: verified\n", key.Name())
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
