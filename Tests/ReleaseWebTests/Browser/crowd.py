"""A thousand people with sessions of their own, at once, over a restart and two kills by force.

    crowd.py PRIVITY FOLDER [PEOPLE]

Enters the people through the interface as a coordinator, signs each in, and lets all of them ask, while the service is stopped, and killed,
and started again. Whatever was acknowledged must be there at the end; whatever was not is sent again with its own key and must be done
once. Ends with 1 if anything acknowledged is missing, or anything is there twice.
"""
import concurrent.futures, http.client, json, os, re, signal, socket, subprocess, sys, threading, time

privity, folder = sys.argv[1], sys.argv[2]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
log = open(folder + "/../crowd.log", "w")


def serve(links):
    process = subprocess.Popen([privity, "serve", folder, "--port", str(port)] + (["--links"] if links else []), stdout=subprocess.PIPE,
                               stderr=log, text=True)
    found = {}
    for line in process.stdout:
        words = line.split()
        if "/sign-in/link/" in line:
            found[words[0]] = words[-1].rsplit("/", 1)[1]
        if line.startswith("Ctrl-C") or (not links and line.startswith("serving")):
            return process, found
    raise SystemExit("the service did not start")


local = threading.local()


def ask(method, path, body=None, token=None, key=None):
    """One request; raises OSError or HTTPException where no whole answer came."""
    connection = getattr(local, "connection", None)
    if connection is None:
        connection = local.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    # As a proxy in front would say where each comes from.
    headers = {"Content-Type": "application/json", "X-Forwarded-For": f"198.51.{threading.get_ident() // 4096 % 250}.{threading.get_ident() % 250}"}
    if token:
        headers["Authorization"] = "Bearer " + token
    if key:
        headers["Idempotency-Key"] = key
    try:
        connection.request(method, "/api/v1" + path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, (json.loads(text) if text.strip() else {})
    except Exception:
        connection.close()
        local.connection = None
        raise


def insist(*arguments, **named):
    """The same until it is answered: what a person's browser and patience do."""
    for _ in range(2000):
        try:
            return ask(*arguments, **named)
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.05)
    raise SystemExit("no answer came")


service, links = serve(True)
status, answer = insist("POST", "/sessions", {"link": links["coordinator"]})
coordinator = answer["token"]
pool = concurrent.futures.ThreadPoolExecutor(32)


def enter(number):
    body = {"name": f"Person {number} Example", "surname": "Example", "firstName": "Person", "phone": f"312-555-{number % 10000:04d}",
            "field": "nurse", "roles": ["participant"], "underContract": True}
    status, answer = insist("POST", "/people", body, coordinator, f"person-{number}")
    if status != 201:
        raise SystemExit(f"not entered: {status} {answer}")
    return answer["id"]


people = list(pool.map(enter, range(count)))
if len(set(people)) != count:
    raise SystemExit("two people have one id")
service.send_signal(signal.SIGTERM)
service.wait(30)

# Sessions: one link for each, made while nobody serves.
made = subprocess.run([privity, "account", "example-links", folder], input="\n".join(people), capture_output=True, text=True, check=True)
tokens = made.stdout.split()
service, _ = serve(False)


def sign_in(link):
    return insist("POST", "/sessions", {"link": link})


sessions = [answer["token"] for status, answer in pool.map(sign_in, tokens)]
print(f"{len(sessions)} sessions", flush=True)


def request(number):
    session = sessions[number]
    status, answer = insist("GET", "/cases", token=session)
    handle = next(item["id"] for item in answer["items"] if item["workflow"] == "mentorship")
    status, answer = insist("POST", f"/cases/{handle}/request", {}, session, f"request-{number}")
    return status, handle


futures = [pool.submit(request, number) for number in range(count)]
done = 0
stops = {count // 5: signal.SIGKILL, count // 2: signal.SIGTERM, count * 4 // 5: signal.SIGKILL}
for future in concurrent.futures.as_completed(futures):
    done += 1
    if done in stops:
        service.send_signal(stops[done])
        service.wait(30)
        service, _ = serve(False)
        print(f"after {done} answers: {stops[done].name}, and started again", flush=True)
statuses = [future.result()[0] for future in futures]
wrong = [status for status in statuses if status != 200]
# Everybody once more, with their own eyes; sessions have outlived three stops.
missing = 0
for number in range(count):
    status, answer = insist("GET", f"/cases/{futures[number].result()[1]}", token=sessions[number])
    if status != 200 or answer["state"] != "requested":
        missing += 1
rss = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{service.pid}/status").read()).group(1)) / 1024
service.send_signal(signal.SIGTERM)
service.wait(30)
print(f"{count} people: {len(wrong)} refused, {missing} acknowledged and missing; highest memory {rss:.0f} MiB")
sys.exit(1 if wrong or missing else 0)
