"""Makes the fixtures: data folders as the version of PRIVITY leaves them, and what each of their people is shown.

    make.py PRIVITY PRIVITY_DEBUG OUT

PRIVITY_DEBUG is a debug build, whose fault points stop it half-way. Needs `faketime`, because sign-in links are made by the machine's clock.
Fixtures are made once for each released version and are never made again: later versions must open them as they are.
Everyone in them is made up.
"""
import base64, hashlib, hmac, http.client, json, os, re, shutil, struct, subprocess, sys, tarfile, tempfile, urllib.parse

privity, debug, out = (os.path.abspath(path) for path in sys.argv[1:4])
here = os.path.dirname(os.path.abspath(__file__))
repository = os.path.abspath(here + "/../../..")
os.makedirs(out, exist_ok=True)
LATER = "2031-01-01 12:00:00"


def run(*command, fake=None, env=None, ok=(0,), stdin=""):
    if fake:
        command = ("faketime", fake) + command
    done = subprocess.run(command, capture_output=True, text=True, cwd=repository, input=stdin, env={**os.environ, **(env or {})})
    if done.returncode not in ok:
        raise SystemExit(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def line(do, **fields):
    return {"do": do, **fields}


# Roads to each state: what has to be done with the case of one person; `M` stands for a mentor, `C` for the coordinator.
def mentorship(mutual=False, survey=None):
    survey = survey or {"sameField": "no", "topics": ["stress"], "understood": True}
    request = [line("request", by="X")]
    surveyed = request + [line("completeSurvey", by="X", survey=survey)]
    proposed = surveyed + [line("propose", by="C", case="X", person="M")]
    accepted = proposed + [line("acceptSlot", by="M", case="X")]
    offered = accepted + [line("offer", by="C", case="X")]
    roads = {"requested": request, "surveyed": surveyed, "proposed": proposed, "accepted": accepted, "offered": offered}
    roads["refused"] = offered + [line("refuseMentor", by="X")]
    roads["declined"] = offered + [line("decline", by="X")]
    return roads, offered


def mphp():
    roads, offered = mentorship()
    signed = offered + [line("sign", by="X")]
    introduced = signed + [line("disclose", by="C", case="X")]
    called = introduced + [line("look", by="M", case="X"), line("recordCall", by="M", case="X"), line("recordMeeting", by="X", case="X")]
    early = {"handedOff": called, "handedOffCorrected": introduced + [line("correct", by="X", phone="312-555-0177")]}
    roads |= {
        "signed": signed, "signedCorrected": signed + [line("correct", by="X", phone="312-555-0178")], "introduced": introduced, "called": called,
        "ended": called + [line("end", by="M", case="X")], "rescinded": introduced + [line("rescind", by="X")],
        "endedRescinded": called + [line("end", by="X"), line("rescind", by="X", via="phone", through="C")],
        "rematch": called + [line("end", by="X"), line("rematch", by="X")],
        "unavailable": introduced + [line("slotUnavailable", by="M", case="X")],
    }
    ask = [line("ask", by="X", display="Somebody A.")]
    invited = ask + [line("invite", by="C", case="X", person="V")]
    w = {"workflow": "peerConversation"}
    willing = invited + [line("agree", by="V", case="X", **w)]
    peerSigned = willing + [line("sign", by="V", case="X", **w)]
    early |= {"peerAlerted": peerSigned, "peerClosed": peerSigned}
    later = {
        "peerAlerted": [line("alert", by="C", case="X"), line("look", by="X", case="X", **w)],
        "peerClosed": [line("alert", by="C", case="X"), line("end", by="X", case="X", **w)],
    }
    roads |= {
        "peerAsked": ask, "peerInvited": invited, "peerWilling": willing, "peerSigned": peerSigned,
        "peerWithdrawn": peerSigned + [line("rescind", by="V", case="X", **w)],
    }
    return early, later, roads


def mutual(opens_by_disclosure, survey):
    roads, offered = mentorship(survey=survey)
    own, other = line("sign", by="X"), line("sign", by="M", case="X")
    both = offered + [own, other]
    introduced = both + ([line("disclose", by="C", case="X")] if opens_by_disclosure else [])
    roads |= {
        "menteeSigned": offered + [own], "mentorSigned": offered + [other], "introduced": introduced + [line("look", by="M", case="X")],
        "notAMatch": introduced + [line("notAMatch", by="X")], "ended": introduced + [line("end", by="X")],
        "rescinded": introduced + [line("rescind", by="X")],
        "rematch": introduced + [line("end", by="X"), line("rematch", by="X")],
    }
    if opens_by_disclosure:
        roads["paired"] = both
        roads["secondSought"] = introduced + [line("seekSecond", by="X"), line("seekSecond", by="M", case="X")]
        roads["extendedHalf"] = introduced + [line("extend", by="X")]
        w = {"workflow": "secondMentor"}
        second = roads["secondSought"] + [line("request", by="X", **w)]
        road = {"Requested": second, "Surveyed": second + [line("completeSurvey", by="X", survey=survey, **w)]}
        road["Proposed"] = road["Surveyed"] + [line("propose", by="C", case="X", person="V", **w)]
        road["Offered"] = road["Proposed"] + [line("acceptSlot", by="V", case="X", **w), line("offer", by="C", case="X", **w)]
        road["MenteeSigned"] = road["Offered"] + [line("sign", by="X", **w)]
        road["MentorSigned"] = road["Offered"] + [line("sign", by="V", case="X", **w)]
        road["Paired"] = road["MenteeSigned"] + [line("sign", by="V", case="X", **w)]
        road["Introduced"] = road["Paired"] + [line("disclose", by="C", case="X", **w)]
        roads |= {"second" + name: steps for name, steps in road.items()}
    else:
        roads["called"] = introduced + [line("recordCall", by="M", case="X")]
        roads["ending"] = introduced + [line("giveNotice", by="M", case="X")]
    return {}, {}, roads


def listing(with_coordinator):
    requested = [line("acknowledge", by="X"), line("request", by="X")]
    confirmed = requested + ([line("offer", by="C", case="X")] if with_coordinator else [])
    listed = confirmed + [line("sign", by="X")]
    roads = {
        "requested": requested, "listed": listed, "corrected": listed + [line("correct", by="X", profile={"contactRoute": "new@example.org"})],
        "ended": listed + [line("end", by="X")], "rescinded": listed + [line("rescind", by="X")],
        "again": listed + [line("end", by="X"), line("request", by="X")], "declined": confirmed + [line("decline", by="X")],
    }
    if with_coordinator:
        roads["confirmed"] = confirmed
    return {}, {}, roads


PROGRAMS = {
    "mphp": dict(start="2026-01-05T08:00", early="2026-05-04T10:00", end="2026-05-19T10:00", roads=mphp, area="312"),
    "icb": dict(start="2026-02-02T08:00", early=None, end="2027-02-01T10:00", roads=lambda: listing(True), area="217"),
    "sgv-camft": dict(start="2026-03-02T08:00", early=None, end="2026-06-01T10:00", roads=lambda: listing(False), area="626"),
    "structured": dict(start="2026-01-12T08:00", early=None, end="2026-09-01T10:00",
                       roads=lambda: mutual(False, {"sameField": "no", "topics": ["coaching"], "understood": True}), area="212"),
    "mscsw": dict(start="2026-09-14T08:00", early=None, end="2028-12-01T10:00",
                  roads=lambda: mutual(True, {"sameField": "no", "settings": ["agency"], "understood": True}), area="313"),
}
EXAMPLE_COORDINATOR = {"mphp": "312-555-0100", "icb": "217-555-0100", "structured": "212-555-0150", "mscsw": "314-555-0160"}


def cast(program, roads, area):
    """The people of the states, and what is attested of them."""
    people, attested = [], []
    coordinator = "boss" if program != "sgv-camft" else None
    number = 300
    extra = {"coordinator": "boss"} if coordinator else {}
    profile = {"displayName": "Somebody", "contactRoute": "somebody@example.org"}
    if program == "icb":
        profile |= {"region": "Peoria", "topics": "ethics"}
    if program == "structured":
        profile |= {"interests": "research"}
    shows = {} if program == "mphp" else {"profile": profile}
    if coordinator:
        people.append(line("addPerson", **{"as": "boss"}, name="Bess Overton", surname="Overton", firstName="Bess", phone=f"{area}-555-0200",
                           field="coordination", roles=["coordinator"], key="person-boss"))
    field = {"mphp": "nurse", "mscsw": "social work", "structured": "child life"}.get(program, "counseling")
    mentors = {"mphp": ["M", "V"], "structured": ["M"], "mscsw": ["M", "V"]}.get(program, [])
    for mentor in mentors:
        number += 1
        people.append(line("addPerson", **{"as": mentor}, name=f"{'Mentor' if mentor == 'M' else 'Volunteer'} Number{number}", surname=f"Number{number}",
                           firstName="Nell" if mentor == "M" else "Vic", phone=f"{area}-555-0{number}", field=field,
                           roles=["mentor", "participant"] if program == "mphp" else ["mentor"], underContract=program == "mphp",
                           key=f"person-{mentor}", **extra, **shows))
        attributes = {"mphp": ["inStanding"], "structured": ["member", "trained"], "mscsw": ["member", "experienced"]}[program]
        attested.append(line("enroll", by="boss", person=mentor, attributes=attributes, fields=[field] if program == "mphp" else [], capacity=20,
                             **({"acceptedStages": ["student"]} if program == "mscsw" else {})))
        attested.append(line("acknowledge", by=mentor, display=f"Mentor {mentor}."))
    for state in roads:
        number += 1
        name = "Of" + state[:1].upper() + state[1:]
        role = "mentor" if program in ("icb", "sgv-camft") else "participant"
        people.append(line("addPerson", **{"as": state}, name=f"Perdita {name}", surname=name, firstName="Perdita", phone=f"{area}-555-0{number}",
                           field=field, roles=[role], underContract=program == "mphp", key=f"person-{state}", **extra, **shows))
        if program == "icb":
            attested.append(line("enroll", by="boss", person=state, experiencedSince="2010-01-01", certifiedUntil="2030-01-01"))
        elif program == "sgv-camft":
            attested.append(line("enroll", person=state, attributes=["member", "goodStanding", "licensed"]))
        elif program == "structured":
            attested += [line("enroll", by="boss", person=state, role="mentee", attributes=["member", "trained"]),
                         line("acknowledge", by=state, role="mentee", display=f"P. {state[:8]}")]
        elif program == "mscsw":
            attested += [line("enroll", by="boss", person=state, role="mentee", attributes=["student"]),
                         line("acknowledge", by=state, role="mentee", display=f"P. {state[:8]}")]
    return people, attested


def put(road, state):
    def name(value):
        return {"X": state, "C": "boss"}.get(value, value) if isinstance(value, str) else value
    return [{key: name(value) for key, value in step.items()} for step in road]


def write(path, lines):
    with open(path, "w") as file:
        file.writelines(json.dumps(one) + "\n" for one in lines)
    return path


def pack(name, *folders):
    with tarfile.open(f"{out}/{name}.tar.xz", "w:xz") as archive:
        for folder in folders:
            archive.add(folder, os.path.basename(folder))


def show(work, clock):
    """Writes beside the folder what the present version shows of a copy of it."""
    copy = tempfile.mkdtemp()
    shutil.copytree(work + "/data", copy + "/data")
    for other in ("people.txt", "links.txt"):
        shutil.copy(f"{work}/{other}", copy)
    with open(work + "/shown.json", "w") as file:
        file.write(run(sys.executable, here + "/show.py", privity, copy + "/data", clock).stdout)
    shutil.rmtree(copy)


def totp(secret, seconds):
    value = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", int(seconds) // 30), hashlib.sha1).digest()
    offset = value[-1] & 15
    return f"{(struct.unpack('>I', value[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def accounts(work, clock, seconds, links, ids):
    """A member of staff with password and authenticator, a participant with a PIN and a sheet of codes; written beside the folder."""
    service = subprocess.Popen([privity, "serve", work + "/data", "--port", "0", "--clock", clock], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    port = int(service.stdout.readline().rsplit(":", 1)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask(method, path, body=None, cookie=None, json_body=None):
        headers = {"Content-Type": "application/json" if json_body is not None else "application/x-www-form-urlencoded"}
        if cookie:
            headers["Cookie"] = cookie
        connection.request(method, path, json.dumps(json_body) if json_body is not None else urllib.parse.urlencode(body or {}), headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    status, headers, text = ask("POST", "/sign-in/link", {"link": links["boss"]})
    assert status == 303, text
    cookie = headers["Set-Cookie"].split(";")[0]
    page = ask("GET", f"/desk/people/{ids['declined']}", cookie=cookie)[2]
    token = re.search(r'name="form" value="([^"]+)"', page) or re.search(r'name="formToken" value="([^"]+)"', page) or re.search(r'name="token" value="([^"]+)"', page)
    field = re.search(r'<input type="hidden" name="(\w+)" value="' + re.escape(token.group(1)), page).group(1)
    form = {field: token.group(1), "key": "11" * 16}
    code = ask("POST", f"/desk/people/{ids['declined']}/first-use-code", form, cookie)[2]
    first = re.search(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", code).group()
    sheet = ask("POST", f"/desk/people/{ids['declined']}/sheet", {**form, "key": "22" * 16}, cookie)[2]
    codes = re.findall(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}\b", sheet)
    status, _, text = ask("POST", "/sign-in/link", {"link": codes[0], "firstUseCode": first, "newPIN": "271828", "repeated": "271828"})
    assert status == 303, text
    connection.close()
    service.terminate()
    service.wait()
    return {"sheet": codes[1:], "pin": "271828", "person": ids["declined"]}


for program, about in PROGRAMS.items():
    work = tempfile.mkdtemp()
    data = work + "/data"
    early, later, roads = about["roads"]()
    run(privity, "init", data, "--policy", f"Policies/{program}.yaml", "--example", "--clock", about["start"])
    if program == "mphp":
        run(privity, "account", "add", data, "--name", "Ola Brandvold", "--surname", "Brandvold", "--first-name", "Ola", "--phone", "312-555-0190",
            "--mail", "ola@example.org", "--role", "administrator", fake="2026-01-05 15:00:00")
    example = [json.loads(one) for one in open(f"{repository}/Policies/examples/{program}.jsonl") if one.strip() and not one.startswith("#")]
    for one in example:
        if one["do"] == "addPerson":
            one["key"] = "example-" + one["as"]
    people, attested = cast(program, {**early, **roads}, about["area"])
    # Everybody is entered first, and gets a link by a clock that is far ahead: nothing is due while there are no cases.
    entered = run(privity, "apply", data, write(work + "/entered.jsonl", [one for one in example if one["do"] == "addPerson"] + people), "--json").stdout
    ids, words = [], {}
    for one, entry in zip([one for one in example if one["do"] == "addPerson"] + people, map(json.loads, entered.splitlines())):
        ids.append(entry["person"])
        words[one["as"]] = entry["person"]
    tokens = run(privity, "account", "example-links", data, fake=LATER, stdin="\n".join(ids) + "\n").stdout.split()
    spare = dict(zip(words, run(privity, "account", "example-links", data, fake=LATER, stdin="\n".join(words.values()) + "\n").stdout.split()))
    open(work + "/people.txt", "w").write("\n".join(ids) + "\n")
    open(work + "/links.txt", "w").write("\n".join(tokens) + "\n")
    shutil.copy(f"{repository}/Policies/examples/eve-release-scan.pdf", work)
    run(privity, "apply", data, write(work + "/example.jsonl", example))
    script = people + [line("wait", at=about["early"] or about["end"])] + attested
    for state, road in early.items():
        script += put(road, state)
    if early:
        script.append(line("wait", at=about["end"]))
    for state, road in later.items():
        script += put(road, state)
    for state, road in roads.items():
        script += put(road, state)
    done = run(privity, "apply", data, write(work + "/states.jsonl", script), "--json", "--keep-going", ok=(0, 1))
    refused = [(script[entry["line"] - 1], entry["refusal"]) for entry in map(json.loads, done.stdout.splitlines()) if entry.get("refusal")]
    if done.returncode:
        print(program, "refused:", refused, done.stderr)
    about_accounts = {}
    if program in ("mphp", "structured", "mscsw", "icb"):
        about_accounts = accounts(work, about["end"], 0, spare, words)
    evaluation = run(privity, "evaluation", "open", data, "--out", work + "/codes.txt", fake="2026-12-01 12:00:00", ok=(0, 1, 3))
    if evaluation.returncode == 0:
        about_accounts["evaluation"] = evaluation.stdout.split()[1].rstrip(":")
        about_accounts["codes"] = len(open(work + "/codes.txt").read().split())
    else:
        print(program, "evaluation:", evaluation.stderr.strip())
    json.dump({"clock": about["end"], "words": words, **about_accounts}, open(work + "/about.json", "w"), indent=1, sort_keys=True)
    print(program, run(privity, "audit", "verify", data).stdout.strip().splitlines()[-1])
    show(work, about["end"])
    shutil.rmtree(data + "/log", ignore_errors=True)
    pack(program, *(f"{work}/{name}" for name in ("data", "people.txt", "links.txt", "about.json", "entered.jsonl", "example.jsonl", "states.jsonl", "eve-release-scan.pdf", "shown.json")))
    if program == "mphp":
        run(privity, "backup", data, work + "/backup")
        os.makedirs(work + "/kept")
        shutil.copy(data + "/head", work + "/kept/head")
        if os.path.exists(data + "/keys/destroyed"):
            shutil.copy(data + "/keys/destroyed", work + "/kept/destroyed")
        shutil.copy(data + "/passphrase", work + "/passphrase")
        pack("backup", *(f"{work}/{name}" for name in ("backup", "kept", "passphrase", "people.txt", "links.txt", "about.json", "shown.json")))
    shutil.rmtree(work)

# Stopped half-way, at each fault point, in a story that passes all of them.
work = tempfile.mkdtemp()
data = work + "/data"
run(privity, "init", data, "--policy", "Policies/mphp.yaml", "--example", "--clock", "2026-01-05T08:00")
everybody = [
    line("addPerson", **{"as": "boss"}, name="Bess Overton", surname="Overton", firstName="Bess", phone="312-555-0200", field="coordination", roles=["coordinator"], key="1"),
    line("addPerson", **{"as": "M"}, name="Mentor Number301", surname="Number301", firstName="Nell", phone="312-555-0301", field="nurse", roles=["mentor"], underContract=True, coordinator="boss", key="2"),
    line("addPerson", **{"as": "eve"}, name="Evelyn Castellanos", surname="Castellanos", firstName="Eve", phone="312-555-0146", field="nurse", roles=["participant"], underContract=True, coordinator="boss", key="3"),
]
ids = [json.loads(one)["person"] for one in run(privity, "apply", data, write(work + "/people.jsonl", everybody), "--json").stdout.splitlines()]
open(work + "/people.txt", "w").write("\n".join(ids) + "\n")
open(work + "/links.txt", "w").write(run(privity, "account", "example-links", data, fake=LATER, stdin="\n".join(ids) + "\n").stdout)
start = everybody + [line("wait", at="2026-01-05T09:00"), line("enroll", by="boss", person="M", attributes=["inStanding"], fields=["nurse"], capacity=3)]
start += [line("acknowledge", by="M", display=f"Nell {number} N.") for number in range(252)]
run(privity, "apply", data, write(work + "/start.jsonl", start))
roads, offered = mentorship()
story = everybody + [line("wait", at="2026-01-05T10:00")] + put(offered + [
    line("sign", by="X"), line("disclose", by="C", case="X"), line("look", by="M", case="X"), line("end", by="X"), line("rescind", by="X")], "eve")
story += [line("acknowledge", by="M", display="Nell last N.")]
write(work + "/story.jsonl", story)
points = re.findall(r"case ((?:\w+, )*\w+)$", re.search(r"enum FaultPoint.*?\n\n", open(repository + "/Sources/ReleaseService/Ports/FaultPoint.swift").read(), re.S).group(), re.M)
points = [point for group in points for point in group.split(", ")]
for point in points:
    for count in (2, 1):
        place = tempfile.mkdtemp()
        for name in ("data",):
            shutil.copytree(f"{work}/{name}", f"{place}/{name}")
        for name in ("people.txt", "links.txt", "story.jsonl"):
            shutil.copy(f"{work}/{name}", place)
        done = run(debug, "apply", place + "/data", place + "/story.jsonl", "--json", env={"PRIVITY_FAULT": f"{point}:{count}"}, ok=(0, -9))
        if done.returncode == -9:
            break
        shutil.rmtree(place)
    else:
        raise SystemExit(f"{point} was never reached")
    open(place + "/promised.jsonl", "w").write(done.stdout)
    json.dump({"clock": "2026-01-05T10:30"}, open(place + "/about.json", "w"))
    show(place, "2026-01-05T10:30")
    pack(f"fault-{point}", *(f"{place}/{name}" for name in ("data", "people.txt", "links.txt", "story.jsonl", "promised.jsonl", "about.json", "shown.json")))
    shutil.rmtree(place)
    print(point, count)
