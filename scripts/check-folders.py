#!/usr/bin/env python3
"""Draws, for each target, which folder uses the types of which other, and fails where there is a circle.

    scripts/check-folders.py [--show]

A folder is a room: what stands in it can be read with the rooms below it and without those above. Files beside the folders are their target's
face; they stand on top. Uses are found by name, in code without comments and texts; what is passed along without being named is not seen.
"""
import pathlib, re, sys

root = pathlib.Path(__file__).resolve().parent.parent / "Sources"
DECLARED = re.compile(
    r"^(?:(?:public|package|internal|fileprivate|final|indirect|nonisolated|@\w+(?:\([^)]*\))?)\s+)*"
    r"(?:struct|class|enum|actor|protocol|typealias)\s+(\w+)", re.M)
PLAIN = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*(?:.|\n)*?\*/')


def code(text):
    """The code without comments; of texts only what is interpolated stays."""
    return PLAIN.sub(lambda m: " ".join(re.findall(r"\\\(([^)]*)\)", m.group())) if m.group()[0] == '"' else " ", text)


def circle(graph):
    """A circle in the graph as a list of nodes, or None."""
    state, path = {}, []

    def visit(node):
        state[node] = "open"
        path.append(node)
        for other in sorted(graph.get(node, {})):
            if state.get(other) == "open":
                return path[path.index(other):] + [other]
            if other not in state and (found := visit(other)):
                return found
        state[node] = "done"
        path.pop()

    for node in sorted(graph):
        if node not in state and (found := visit(node)):
            return found


def graph_of(target):
    files = {path: code(path.read_text()) for path in sorted(target.rglob("*.swift"))}
    owner = {}
    for path, text in files.items():
        for name in DECLARED.findall(text):
            owner.setdefault(name, set()).add(str(path.parent.relative_to(target)))
    graph = {}
    for path, text in files.items():
        folder = str(path.parent.relative_to(target))
        for word in set(re.findall(r"\b[A-Z]\w*", text)):
            for other in owner.get(word, ()):
                if other != folder and len(owner[word]) == 1:
                    graph.setdefault(folder, {}).setdefault(other, set()).add((path.name, word))
    return graph


failed = False
for target in sorted(path for path in root.iterdir() if path.is_dir()):
    graph = graph_of(target)
    if "--show" in sys.argv and graph:
        print(target.name)
        for folder in sorted(graph):
            print(f"  {folder} → {', '.join(sorted(graph[folder]))}")
    if found := circle(graph):
        failed = True
        print(f"{target.name}: a circle of folders: {' → '.join(found)}")
        for one, other in zip(found, found[1:]):
            uses = sorted(graph[one][other])
            print(f"  {one} → {other}: " + ", ".join(f"{file} uses {word}" for file, word in uses[:6]))
sys.exit(1 if failed else 0)
