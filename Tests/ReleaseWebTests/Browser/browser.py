"""People with browsers of their own, who use the keyboard; the service that they use, and its mail.

Imported by the walks, which are called with PRIVITY FOLDER PICTURES: the program, the folder to serve, and where pictures go.
"""
import base64, email, hashlib, hmac, importlib.util, json, os, pathlib, re, signal, socket, struct, subprocess, sys, time, urllib.request

from aiosmtpd.controller import Controller
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

privity, folder, pictures = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
pictures.mkdir(parents=True, exist_ok=True)
place = pathlib.Path(folder).parent
axe = (pathlib.Path(importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]) / "axe.min.js").read_text()
sizes = {"phone": (390, 844), "desktop": (1280, 900)}
findings, seen, letters = [], set(), []
focused_visibly = [0]


def finding(text):
    print("FINDING", text, flush=True)
    findings.append(text)


def expect(condition, text):
    if not condition:
        finding(text)


# -- Mail: a real server, and msmtp as the host's sendmail.
class Box:
    async def handle_DATA(self, server, session, envelope):
        letters.append((envelope.rcpt_tos[0], email.message_from_bytes(envelope.content)))
        return "250 queued"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


mail_port = free_port()
mail = Controller(Box(), hostname="127.0.0.1", port=mail_port)
mail.start()
config = place / "msmtprc"
config.write_text(f"account default\nhost 127.0.0.1\nport {mail_port}\nfrom service@example.org\nauth off\ntls off\n")
config.chmod(0o600)

# -- The service.
port = free_port()
base = f"http://127.0.0.1:{port}"
# A connection of this process's own, the mail's, would be inherited otherwise.
environment = dict(os.environ, PRIVITY_SENDMAIL=f"/usr/bin/msmtp -C {config} -t", PRIVITY_FROM="service@example.org",
                   PRIVITY_BACKUP_FOLDER=str(place / "backups"))
log = open(place / "service.log", "w+")


def serve(clock=None):
    """The service, at a time of an example, with a link for each role; or, without a time, as it is."""
    example = ["--links", "--clock", clock] if clock else []
    process = subprocess.Popen(
        [privity, "serve", folder, "--port", str(port), "--url", base] + example,
        stdout=subprocess.PIPE, stderr=log, env=environment, text=True)
    links = {}
    for line in process.stdout:
        words = line.split()
        if len(words) > 1 and "/sign-in/link/" in words[-1]:
            links[words[0]] = words[-1]
        if line.startswith("Ctrl-C" if clock else "serving at"):
            return process, links
    raise SystemExit("the service did not start")


class Person:
    """Somebody with a browser of their own, who uses the keyboard."""

    def __init__(self, name):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking",
                         "--force-prefers-reduced-motion", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.name = name

    def open(self, path):
        self.driver.get(path if path.startswith("http") else base + path)
        return self

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "main").text

    def says(self, *texts):
        found = self.text()
        for text in texts:
            expect(text in found, f"{self.name} at {self.driver.title!r}: {text!r} is not on the page: {found[:300]!r}")
        return self

    def never_says(self, *texts):
        source = self.driver.page_source
        for text in texts:
            expect(text not in source, f"{self.name} at {self.driver.title!r}: {text!r} is on the page")
        return self

    def look(self, page):
        """Pictures, axe and origins, at both widths."""
        for size, (width, height) in sizes.items():
            self.driver.set_window_size(width, height)
            overflow = self.driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            expect(overflow <= 0, f"{page} at {size}: the page is {overflow} pixels too wide")
            self.driver.execute_script(axe)
            result = self.driver.execute_async_script(
                "const done = arguments[arguments.length - 1];"
                "axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']}).then(done)")
            for violation in result["violations"]:
                targets = [node["target"] for node in violation["nodes"]][:3]
                finding(f"{page} at {size}: axe {violation['id']}: {targets}")
            height = self.driver.execute_script("return document.documentElement.scrollHeight")
            self.driver.set_window_size(width, min(max(height + 120, 500), 6000))
            self.driver.save_screenshot(str(pictures / f"{page}-{size}.png"))
        self.driver.set_window_size(*sizes["desktop"])
        # axe's own script is the one thing that is not the service's; the service's pages have none.
        for entry in self.driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)"):
            expect(entry.startswith(base + "/"), f"{page}: loads {entry}")
        expect(self.driver.execute_script("return document.scripts.length") == 0, f"{page}: has a script")
        for entry in self.driver.get_log("browser"):
            # Advice about saving passwords: a PIN goes with a link, and there is no user name to save it under.
            if "status of 4" not in entry["message"] and "username fields" not in entry["message"]:
                finding(f"{page}: the browser complains: {entry['message']}")
        if page not in seen:
            seen.add(page)
            print("page", page, flush=True)
        return self

    def reach(self, element):
        """Tabs from the top of the page until the element has the focus."""
        self.driver.execute_script("document.activeElement && document.activeElement.blur(); window.scrollTo(0, 0)")
        name = element.get_attribute("name")
        is_radio = element.get_attribute("type") == "radio"
        for _ in range(220):
            webdriver.ActionChains(self.driver).send_keys(Keys.TAB).perform()
            active = self.driver.switch_to.active_element
            if active == element:
                outline = active.value_of_css_property("outline-style")
                if outline != "none":
                    focused_visibly[0] += 1
                return active
            if is_radio and active.get_attribute("type") == "radio" and active.get_attribute("name") == name:
                for _ in range(30):
                    webdriver.ActionChains(self.driver).send_keys(Keys.ARROW_DOWN).perform()
                    active = self.driver.switch_to.active_element
                    if active == element:
                        return active
        raise SystemExit(f"{self.name} at {self.driver.title!r}: the keyboard does not reach {element.text or name!r}")

    def find(self, text, *tags):
        for tag in tags:
            for element in self.driver.find_elements(By.CSS_SELECTOR, tag):
                if element.text.strip() == text:
                    return element
        raise SystemExit(f"{self.name} at {self.driver.title!r}: no {text!r}: {self.text()[:600]}")

    def press(self, text):
        element = self.find(text, "main a", "main button", "nav a", "nav button", "footer a")
        return self.follow(element)

    def follow(self, element):
        """Enter on what has the focus, then waits for the page that follows."""
        active = self.reach(element)
        self.driver.execute_script("window.isOld = true")
        active.send_keys(Keys.ENTER)
        for _ in range(6000):
            try:
                if self.driver.execute_script("return !window.isOld && document.readyState === 'complete'"):
                    return self
            except Exception:
                pass
            time.sleep(0.01)
        raise SystemExit(f"{self.name} at {self.driver.title!r}: nothing follows {element.text!r}")

    def enter(self, part):
        """Opens the first case at home whose title begins so."""
        self.open("/home")
        for element in self.driver.find_elements(By.CSS_SELECTOR, "main a"):
            if element.text.startswith("Open: " + part):
                return self.follow(element)
        raise SystemExit(f"{self.name}: no case {part!r} at home: {self.text()[:600]}")

    def paste(self, label, text):
        """What the clipboard would bring: too long to be typed."""
        for element in self.driver.find_elements(By.CSS_SELECTOR, "label"):
            if element.text.strip() == label:
                field = self.driver.find_element(By.ID, element.get_attribute("for"))
                self.driver.execute_script("arguments[0].value = arguments[1]", self.reach(field), text)
                return self
        raise SystemExit(f"{self.name} at {self.driver.title!r}: no field {label!r}")

    def download(self, path):
        """A file, with this browser's session."""
        cookie = "; ".join(f"{c['name']}={c['value']}" for c in self.driver.get_cookies())
        request = urllib.request.Request(base + path, headers={"Cookie": cookie})
        return urllib.request.urlopen(request).read()

    def fill(self, label, value):
        for element in self.driver.find_elements(By.CSS_SELECTOR, "label"):
            if element.text.strip() == label:
                field = self.driver.find_element(By.ID, element.get_attribute("for"))
                if field.get_attribute("type") == "file":
                    field.send_keys(value)
                    return self
                active = self.reach(field)
                active.send_keys(Keys.CONTROL, "a")
                active.send_keys(value)
                return self
        raise SystemExit(f"{self.name} at {self.driver.title!r}: no field {label!r}")

    def choose(self, label, chosen=True):
        for element in self.driver.find_elements(By.CSS_SELECTOR, ".option label"):
            if element.text.strip() == label:
                field = self.driver.find_element(By.ID, element.get_attribute("for"))
                active = self.reach(field)
                if active.is_selected() != chosen:
                    active.send_keys(Keys.SPACE)
                expect(field.is_selected() == chosen, f"{self.name}: {label!r} is not {'chosen' if chosen else 'cleared'}")
                return self
        raise SystemExit(f"{self.name} at {self.driver.title!r}: no choice {label!r}")

    def scans(self, page):
        """A reader of QR codes finds in the picture of a page the codes that stand on it."""
        found = subprocess.run(["zbarimg", "--raw", "--quiet", str(pictures / f"{page}-desktop.png")], stdout=subprocess.PIPE, text=True)
        expect(self.secret() != [] and set(self.secret()) == set(found.stdout.split()), f"{page}: the drawn codes are not the printed ones")
        return self

    def secret(self):
        return [element.text for element in self.driver.find_elements(By.CSS_SELECTOR, ".secret code")]


def totp(secret, instant):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(instant) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 10**6:06d}"


def wait_for_letter(address, part):
    for _ in range(1200):
        for to, letter in letters:
            if to == address and part in letter.get_payload():
                return letter
        time.sleep(0.05)
    raise SystemExit(f"no letter with {part!r} arrived; there are {[(to, l.get_payload()[:60]) for to, l in letters]}")


def end(service):
    """Ends the service as its host would, and expects that it ends well."""
    service.send_signal(signal.SIGTERM)
    expect(service.wait(timeout=30) == 0, f"SIGTERM: ended with {service.returncode}")


def close(service):
    """Stops whatever still runs, after a walk that failed too."""
    if service.poll() is None:
        service.kill()
    mail.stop()


def silent_log(*markers):
    """The lines of the log, none of which may say one of the markers."""
    log.seek(0)
    lines = log.read()
    expect(lines.strip(), "the log is empty")
    for marker in markers:
        expect(marker not in lines, f"the log says {marker!r}")
    return lines.splitlines()
