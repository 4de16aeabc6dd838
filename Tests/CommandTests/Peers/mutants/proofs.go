package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// question is one call of a verifier on single notes and proofs: what it is asked, and what all must say.
type question struct {
	verdict, name string
	// The command with its files, each by what it holds; a key stands as it is.
	ask []string
}

// questions are those that concern the bytes around what is signed.
func questions() []question {
	w := &world{record: record, log: logKey, files: map[string][]byte{}, edits: map[string]func(string) string{}, notes: map[string]func(string) string{}}
	w.every()
	var hashes [][]byte
	for _, entry := range w.entries {
		hashes = append(hashes, leaf(entry))
	}
	checkpoint := func(n int) string { return sign(fmt.Sprintf("%s\n%d\n%s\n", origin, n, b64(root(hashes[:n]))), logKey) }
	// The proof that record 2 is in the log of eight, and that eight continue four.
	steps := []string{b64(hashes[3]), b64(root(hashes[:2])), b64(root(hashes[4:]))}
	proof := func(index string, steps ...string) string {
		return "c2sp.org/tlog-proof@v1\nindex " + index + "\n" + strings.Join(steps, "\n") + "\n\n" + checkpoint(8)
	}
	request := func(old string, steps ...string) string {
		text := "old " + old + "\n"
		for _, step := range steps {
			text += step + "\n"
		}
		return text + "\n" + checkpoint(8)
	}
	last := b64(root(hashes[4:]))
	note, key, wkey := w.entries[2], logKey.text(), witness.text()
	included := func(verdict, name, proof string) question {
		return question{verdict, name, []string{"inclusion", "@" + note, "@" + proof, key}}
	}
	continued := func(verdict, name, old, request string) question {
		return question{verdict, name, []string{"consistency", "@" + old, "@" + request, key}}
	}
	headed := func(verdict, name, head, key string) question {
		return question{verdict, name, []string{"checkpoint", "@" + head, key}}
	}
	recorded := func(verdict, name, line string) question {
		return question{verdict, name, []string{"record", "@" + sign(origin+"/closing/v1\n"+line+"\n", record), record.text()}}
	}
	text := origin + "\n8\n" + b64(root(hashes)) + "\n"
	seen := func(verdict, name, note string) question {
		return question{verdict, name, []string{"cosignature", "@" + note, wkey}}
	}
	closing := strings.SplitN(strings.SplitN(w.entries[5], "\n\n", 2)[0], "\n", 2)[1]
	return []question{
		included(yes, "an inclusion", proof("2", steps...)),
		included(no, "a hash with a carriage return", proof("2", steps[0]+"\r", steps[1], steps[2])),
		included(no, "a hash with a space after it", proof("2", steps[0]+" ", steps[1], steps[2])),
		included(no, "a hash with a tab before it", proof("2", "\t"+steps[0], steps[1], steps[2])),
		included(no, "two hashes in a line", proof("2", steps[0]+" "+steps[1], steps[2])),
		included(no, "a hash with bits that carry nothing", proof("2", spare(steps[0]), steps[1], steps[2])),
		included(no, "a hash without padding", proof("2", steps[0][:43], steps[1], steps[2])),
		included(no, "a hash too few", proof("2", steps[:2]...)),
		included(no, "a hash too many", proof("2", append(append([]string{}, steps...), last)...)),
		included(no, "hashes in another order", proof("2", steps[1], steps[0], steps[2])),
		included(no, "another index", proof("3", steps...)),
		included(no, "an index with a leading zero", proof("02", steps...)),
		included(no, "an index with a plus", proof("+2", steps...)),
		included(no, "an index with a space", proof("2 ", steps...)),
		included(no, "an index beyond the log", proof("8", steps...)),
		included(no, "an extra line", sub("index 2\n", "extra AAAA\nindex 2\n")(proof("2", steps...))),
		included(no, "another first line", sub("@v1", "@v2")(proof("2", steps...))),
		included(no, "a carriage return in the first line", sub("@v1\n", "@v1\r\n")(proof("2", steps...))),
		included(no, "no head", strings.SplitN(proof("2", steps...), "\n\n", 2)[0]+"\n\n"),
		included(no, "a head that is not signed", strings.Replace(proof("2", steps...), "\n8\n", "\n9\n", 1)),
		continued(yes, "a consistency", checkpoint(4), request("4", last)),
		continued(yes, "a consistency of one head with itself", checkpoint(8), request("8")),
		continued(no, "a request with a carriage return", checkpoint(4), request("4", last+"\r")),
		continued(no, "a request with bits that carry nothing", checkpoint(4), request("4", spare(last))),
		continued(no, "a request for another old head", checkpoint(4), request("5", last)),
		continued(no, "a request with a leading zero", checkpoint(4), request("04", last)),
		continued(no, "a request with a hash too many", checkpoint(4), request("4", last, last)),
		continued(no, "a request with a hash for equal heads", checkpoint(8), request("8", last)),
		continued(no, "an old head of another history", sign(origin+"\n4\n"+hash+"\n", logKey), request("4", last)),
		continued(no, "an old head of the same size and another history", sign(origin+"\n8\n"+hash+"\n", logKey), request("8")),
		continued(no, "an old head that is longer", sign(origin+"\n9\n"+hash+"\n", logKey), request("9")),
		headed(yes, "a head", checkpoint(8), key),
		headed(yes, "a head of size 0", sign(origin+"\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", logKey), key),
		headed(no, "a root that is no hash", sign(origin+"\n8\nAda\n", logKey), key),
		headed(no, "a root with bits that carry nothing", sign(spare(text), logKey), key),
		headed(no, "a root of 31 bytes", sign(origin+"\n8\n"+b64(make([]byte, 31))+"\n", logKey), key),
		headed(no, "a size with a plus", sign(origin+"\n+8\n"+hash+"\n", logKey), key),
		headed(no, "a head of another origin", sign("example.org/other\n8\n"+hash+"\n", logKey), key),
		headed(no, "a key with its id in capitals", checkpoint(8), origin+"+"+strings.ToUpper(fmt.Sprintf("%x", logKey.id()))+"+"+b64(logKey.raw())),
		headed(no, "a key with a line break in its base64", checkpoint(8), key[:40]+"\n"+key[40:]),
		headed(no, "a key with a space after it", checkpoint(8), key+" "),
		headed(no, "a key of a witness's type", checkpoint(8), newSigner(origin, 4, 2).text()),
		headed(no, "a key of another log", checkpoint(8), nextLog.text()),
		recorded(yes, "a record", closing),
		recorded(no, "a record with an extra member", closing[:len(closing)-1]+`,"x":"Ada"}`),
		recorded(no, "a record with text after the line", closing+"\nAda"),
		recorded(no, "a record that is not canonical", strings.Replace(closing, `"v":1`, `"v":1,"v":1`, 1)),
		recorded(no, "a record of v 2", strings.Replace(closing, `"v":1`, `"v":2`, 1)),
		{no, "a record by the log key", []string{"record", "@" + sign(origin+"/closing/v1\n"+closing+"\n", logKey), key}},
		seen(yes, "a cosignature", checkpoint(8)+witness.cosign(text, 1790000000)),
		seen(no, "a cosignature of another time", checkpoint(8)+sub(witness.cosign(text, 1790000000)[40:60], witness.cosign(text, 1790000001)[40:60])(witness.cosign(text, 1790000000))),
		seen(no, "a cosignature as an ordinary signature", checkpoint(8)+witness.line(text)),
		seen(no, "a cosignature twice", checkpoint(8)+strings.Repeat(witness.cosign(text, 1790000000), 2)),
		seen(no, "a cosignature of a head of another log", sign("Ada Fairweather\n8\n"+hash+"\n", logKey)+witness.cosign("Ada Fairweather\n8\n"+hash+"\n", 1790000000)),
	}
}

// ask writes the questions: a folder each, and a table of number, verdict, name and arguments.
func ask(out string) {
	var table strings.Builder
	for i, q := range questions() {
		dir := filepath.Join(out, fmt.Sprintf("q%02d", i+1))
		check(os.MkdirAll(dir, 0o755))
		var args []string
		for n, arg := range q.ask {
			if n > 0 {
				path := filepath.Join(dir, fmt.Sprint(n))
				check(os.WriteFile(path, []byte(strings.TrimPrefix(arg, "@")), 0o644))
				arg = path
			}
			args = append(args, arg)
		}
		fmt.Fprintf(&table, "q%02d\t%s\t%s\t%s\n", i+1, q.verdict, q.name, strings.Join(args, "\t"))
	}
	check(os.WriteFile(filepath.Join(out, "questions"), []byte(table.String()), 0o644))
}
