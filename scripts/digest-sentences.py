#!/usr/bin/env python3
"""Writes the digests by which a quote is known to stand in a source that is not in this repository.

    scripts/digest-sentences.py NUMBERED.txt docs/sources/NAME.csv > docs/sources/NAME.digests

NUMBERED.txt has a line for each sentence of the source: its number, a tab, the sentence. A line of the digests is the number and the
first ten digits of the SHA-256 of every three words in a row (as many as the quote has, where that is fewer), in lower case.
"""
import csv
import hashlib
import re
import sys


def words(text):
    return re.findall(r"[\w'’]+", re.sub(r"[*_]{2,}", "", text).lower())


quotes = {row["number"]: words(row["quote"]) for row in csv.DictReader(open(sys.argv[2], encoding="utf-8"))}
for line in open(sys.argv[1], encoding="utf-8"):
    number, sentence = line.rstrip("\n").split("\t", 1)
    found, count = words(sentence), min(3, max(1, len(quotes[number])))
    print(number, *(hashlib.sha256(" ".join(found[at:at + count]).encode()).hexdigest()[:10] for at in range(len(found) - count + 1)))
