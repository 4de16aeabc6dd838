"""Shows a data folder as each of its people sees it, as one JSON document: the same for the same folder, whichever version of the program
serves it.

    show.py PRIVITY FOLDER CLOCK

Works on the folder itself (sessions are written into it): give it a copy. Beside it, people.txt lists ids and links.txt a sign-in
link for each, a line each. What every reading makes anew (tokens, keys) is left out. Used to make the fixtures, with the version that they are of, and by the tests, with every later one.
"""
import http.client, json, subprocess, sys

privity, folder, clock = sys.argv[1:4]
people = open(folder + "/../people.txt").read().split()

links = open(folder + "/../links.txt").read().split()
assert len(links) == len(people) and people, "a link for each"

service = subprocess.Popen([privity, "serve", folder, "--port", "0", "--clock", clock], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
line = service.stdout.readline()
if not line.startswith("serving at "):
    raise SystemExit(f"the service did not start: {line}")
connection = http.client.HTTPConnection("127.0.0.1", int(line.rsplit(":", 1)[1]), timeout=60)


def ask(method, path, token=None, body=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    connection.request(method, "/api/v1" + path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    content = json.loads(text) if text.strip() else {}
    return {"status": answer.status, "etag": answer.headers.get("ETag"), "content": content}


def whole(path, token):
    """Every page of a list."""
    items, after = [], ""
    while True:
        page = ask("GET", f"{path}&limit=100{after}", token)
        if page["status"] != 200:
            return page
        items += page["content"]["items"]
        if not page["content"].get("next"):
            return items
        after = "&after=" + page["content"]["next"]


shown, readers = {}, []
for person, link in zip(people, links):
    entry = ask("POST", "/sessions", body={"link": link})
    if entry["status"] != 201:
        shown[person] = {"session": entry["status"]}
        continue
    token = entry["content"]["token"]
    own = {"session": ask("GET", "/session", token)["content"]["roles"]}
    lists = {"party": ask("GET", "/cases?as=party", token), "staff": whole("/cases?as=staff", token)}
    own["lists"] = lists
    party = lists["party"]["content"].get("items", [])
    staff = lists["staff"] if isinstance(lists["staff"], list) else []
    for case in party + staff:
        handle = case["id"]
        page = ask("GET", f"/cases/{handle}", token)
        own[f"case {handle}"] = page
        for kind in ["signature", "correction", "extension"]:
            text = ask("GET", f"/cases/{handle}/release-text?as={kind}", token)
            if text["status"] == 200:
                own[f"case {handle} {kind}"] = text["content"]
        if case in staff:
            own[f"case {handle} shortlist"] = ask("GET", f"/cases/{handle}/shortlist", token)
        for release in page["content"].get("releases") or []:
            receipt = ask("GET", f"/cases/{handle}/receipts/{release}", token)
            # The proofs are under the newest head: a kill may have left one more record to sign forward.
            for record in receipt["content"].get("records", []):
                record.pop("proof", None)
            own[f"case {handle} receipt {release}"] = receipt
    if "auditor" in own["session"]:
        own["log"] = ask("GET", "/log/entries?limit=100", token)
    own["looks"] = ask("GET", "/looks", token)
    own["directory"] = ask("GET", "/directory", token)
    shown[person] = own
    readers.append((own, token, [case["id"] for case in party]))
# Last, because a look is written down: the cards, where there are any.
for own, token, cases in readers:
    for case in cases:
        own[f"card {case}"] = ask("POST", "/private", token, {"case": case, "act": "look"})
shown["anonymous"] = ask("GET", "/directory")
connection.close()
service.terminate()
service.wait(30)
json.dump(shown, sys.stdout, sort_keys=True, indent=0)
