"""Runs schemathesis against the OpenAPI document that the service serves, once as nobody and once for each role.

    schema.py PRIVITY FOLDER [EXAMPLES]
"""
import json, pathlib, signal, socket, subprocess, sys, tempfile, urllib.request

privity, folder = sys.argv[1], sys.argv[2]
examples = sys.argv[3] if len(sys.argv) > 3 else "20"
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
base = f"http://127.0.0.1:{port}"
service = subprocess.Popen([privity, "serve", folder, "--port", str(port), "--links"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True)
links = {}
for line in service.stdout:
    if "/sign-in/link/" in line:
        links[line.split()[0]] = line.split()[-1].rsplit("/", 1)[1]
    if line.startswith("Ctrl-C"):
        break


def sign_in(role):
    body = json.dumps({"link": links[role]}).encode()
    request = urllib.request.Request(base + "/api/v1/sessions", body, {"Content-Type": "application/json"})
    return json.loads(urllib.request.urlopen(request).read())["token"]


failed = []
try:
    # All of them before the guessing begins, which the service counts.
    tokens = {role: sign_in(role) for role in ["participant", "mentor", "coordinator", "auditor"]}
    tool = pathlib.Path(sys.executable).parent / "schemathesis"
    for role in [None, "participant", "mentor", "coordinator", "auditor"]:
        command = [str(tool), "--config-file", str(pathlib.Path(__file__).resolve().parent / "schemathesis.toml"), "run", base + "/api/v1/openapi.json", "--checks", "all", "--max-examples", examples, "--seed", "20261122",
                   "--no-color", "--generation-database", "none",
                   # A session that is ended answers nobody any more: signing out has its own tests.
                   "--exclude-operation-id", "deleteSession", "--phases", "examples,coverage,fuzzing"]
        if role:
            command += ["-H", f"Authorization: Bearer {tokens[role]}"]
        # It keeps what it found in the folder where it runs.
        with tempfile.TemporaryDirectory() as scratch:
            result = subprocess.run(command, capture_output=True, text=True, cwd=scratch)
        print(f"as {role or 'nobody'}: exit {result.returncode}")
        print("\n".join(result.stdout.splitlines()[-200:] if result.returncode else result.stdout.splitlines()[-8:]), flush=True)
        if result.returncode:
            failed.append(role)
            print(result.stderr[-2000:])
finally:
    service.send_signal(signal.SIGTERM)
    service.wait(30)
sys.exit(1 if failed else 0)
