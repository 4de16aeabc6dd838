// The verdicts of Go's own packages, with nothing added: one line for each file or question on standard input.
//
//	note KEY FILE                           accept | reject
//	record FILE INDEX SIZE ROOT HASH...     accept | reject (tlog.CheckRecord)
//	tree OLD OLDROOT NEW NEWROOT HASH...    accept | reject (tlog.CheckTree)
//	root FILE...                            the root over these entries
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func verdict(err error) {
	if err != nil {
		fmt.Println("reject")
	} else {
		fmt.Println("accept")
	}
}

func hash(text string) tlog.Hash {
	var out tlog.Hash
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != tlog.HashSize {
		panic("not a hash: " + text)
	}
	copy(out[:], raw)
	return out
}

func hashes(texts []string) []tlog.Hash {
	list := []tlog.Hash{}
	for _, text := range texts {
		list = append(list, hash(text))
	}
	return list
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return value
}

func contents(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return data
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch words[0] {
		case "note":
			key, err := note.NewVerifier(words[1])
			if err != nil {
				panic(err)
			}
			_, err = note.Open(contents(words[2]), note.VerifierList(key))
			verdict(err)
		case "record":
			verdict(tlog.CheckRecord(
				hashes(words[5:]), number(words[3]), hash(words[4]), number(words[2]), tlog.RecordHash(contents(words[1]))))
		case "tree":
			verdict(tlog.CheckTree(hashes(words[5:]), number(words[3]), hash(words[4]), number(words[1]), hash(words[2])))
		case "root":
			var stored []tlog.Hash
			reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
				list := []tlog.Hash{}
				for _, index := range indexes {
					list = append(list, stored[index])
				}
				return list, nil
			})
			for n, path := range words[1:] {
				add, err := tlog.StoredHashes(int64(n), contents(path), reader)
				if err != nil {
					panic(err)
				}
				stored = append(stored, add...)
			}
			root, err := tlog.TreeHash(int64(len(words)-1), reader)
			if err != nil {
				panic(err)
			}
			fmt.Println(base64.StdEncoding.EncodeToString(root[:]))
		}
	}
}
