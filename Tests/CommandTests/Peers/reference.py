"""The verdicts of pymerkle over entries in files: roots at every size, inclusion of every entry, consistency of every pair of sizes.

Reads the paths of the entries from standard input; prints one root in base64 a line, the empty prefix left out, and then "verified".
"""

import base64
import sys

from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

tree = InmemoryTree(algorithm="sha256")
roots = []
for path in sys.stdin.read().split():
    with open(path, "rb") as file:
        tree.append_entry(file.read())
    roots.append(tree.get_root())
size = len(roots)
for root in roots:
    print(base64.b64encode(root).decode())
for index in range(1, size + 1):  # its index starts at 1
    verify_inclusion(tree.get_leaf(index), roots[-1], tree.prove_inclusion(index, size))
    verify_consistency(roots[index - 1], roots[-1], tree.prove_consistency(index, size))
print("verified")
