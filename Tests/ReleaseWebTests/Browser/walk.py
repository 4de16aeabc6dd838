"""Walks the MPHP case across all roles in headless Chromium, by keyboard alone, at phone and desktop width.

    walk.py PRIVITY FOLDER PICTURES

Starts the service itself on a fresh example folder, restarts it half-way on a later day, receives its mail from a real SMTP server, looks at
every page with axe, and checks that nothing is loaded from elsewhere. Prints one line for each page and each finding; ends with 1 on any.
"""
from browser import *

begin = "2026-01-05T09:00"
moved = __import__("datetime").datetime(2026, 1, 5, 9, 0, tzinfo=__import__("zoneinfo").ZoneInfo("America/Chicago")).timestamp() - time.time()
service, links = serve(begin)
try:
    # -- The administrator adds a coordinator, who sets up their account.
    pia = Person("pia").open("/").look("front")
    pia.open(links["administrator"]).look("sign-in-link").press("Sign in")
    pia.says("Administration").look("home-administrator").press("Administration")
    pia.look("admin")
    pia.fill("Full name", "Olga Petrov").fill("Last name", "Petrov").fill("First name", "Olga").fill("Telephone", "312-555-0150")
    pia.fill("E-mail address", "olga@example.org").choose("Coordinator").press("Add")
    pia.says("A second member of staff has to confirm it.").look("admin-asked")
    # Whoever asked gets no link: an auditor, or another administrator, makes it.
    noor = Person("noor").open(links["auditor"]).press("Sign in").open("/second-hand")
    noor.says("Shall Olga Petrov get a link").look("second-hand-auditor").press("Confirm").look("admin-set-up-link")
    link = noor.secret()[0]
    pia.open("/admin").press("Policy").says("In force").look("admin-policy")
    pia.open("/admin").press("Keys").look("admin-keys").choose("Record key").press("Make a new key").says("The new key is in force.")
    policy = pathlib.Path("Policies/mphp.yaml").read_text().replace("version: 1\neffectiveFrom: 2026-01-01", "version: 2\neffectiveFrom: 2026-06-01")
    pia.open("/admin/policy").paste("Policy file", policy.replace("withinDays: 7", "withinDays: nine")).press("Go on")
    pia.says("Please look at this again", "withinDays").look("admin-policy-wrong")
    changed = policy.replace("termMonths: 12", "termMonths: 6")
    pia.paste("Policy file", changed).press("Go on").says("What this version would change").look("admin-policy-difference")
    pia.choose("Adopt it").press("Go on").says("The new version is adopted.")
    pia.open("/admin").press("Make a backup").says("is made").look("admin-backup")
    expect(len(list((place / "backups").iterdir())) == 1, "no backup is there")
    pia.open("/admin").press("What each role can see").look("admin-capabilities")
    pia.open("/admin").press("Journal").look("admin-journal")

    olga = Person("olga").open(link).look("set-up")
    secret = olga.secret()[0].replace(" ", "")
    olga.fill("Password", "four quiet green lamps").fill("Password again", "four quiet green lamps")
    olga.fill("Code", "12").press("Finish").says("expected the six digits").look("set-up-wrong")
    olga.fill("Password", "four quiet green lamps").fill("Password again", "four quiet green lamps")
    olga.fill("Code", totp(secret, time.time() + moved)).press("Finish").look("set-up-done")
    recovery = olga.secret()
    olga.press("Staff sign in").look("sign-in-staff")
    olga.fill("E-mail address", "olga@example.org").fill("Password", "wrong password here").fill("Code", recovery[0]).press("Sign in")
    olga.says("belong together").look("sign-in-staff-wrong")
    olga.fill("E-mail address", "olga@example.org").fill("Password", "four quiet green lamps").fill("Code", recovery[0]).press("Sign in")
    olga.says("Your work").press("The coordinator's desk").look("desk-empty")

    # -- She enters a participant with a mailbox, and a mentor without one.
    olga.press("Enter a person").look("person-new")
    olga.fill("Full name", "Gail\u202e").press("Enter").says("Please look at this again").look("person-new-wrong")
    olga.fill("Full name", "Gail Underwood").fill("Last name", "Underwood").fill("First name", "Gail").fill("Telephone", "312-555-0161")
    olga.fill("Profession", "nurse").choose("Participant").choose("Is under a monitoring contract")
    olga.fill("E-mail address", "gail@example.org").press("Enter")
    olga.says("The person is entered.").look("person").press("Make a first-use code").look("first-use-code")
    gail_code = olga.scans("first-use-code").secret()[0]
    olga.open("/desk").press("Enter a person")
    olga.fill("Full name", "Hugo Lindner").fill("Last name", "Lindner").fill("First name", "Hugo").fill("Telephone", "312-555-0162")
    olga.fill("Profession", "nurse").choose("Mentor").choose("Participant").choose("Is under a monitoring contract").press("Enter")
    person_hugo = olga.driver.current_url.split("?")[0]
    olga.press("Print a sheet of codes").look("sheet")
    sheet = olga.scans("sheet").secret()
    olga.open(person_hugo).press("Make a first-use code")
    hugo_code = olga.secret()[0]
    olga.open(person_hugo).press("Enroll as a mentor").look("enrollment")
    olga.choose("entered or completed the program, in stable compliance").press("Attest and enroll").says("Attested and enrolled.")
    olga.open(person_hugo).press("Enroll as a mentee").choose("has or had a mentor in the program").press("Attest and enroll").says("Attested and enrolled.")

    # -- The participant signs in by mail, the mentor by the printed sheet.
    gail = Person("gail").open("/sign-in").look("sign-in")
    gail.fill("E-mail address", "nobody@example.org").press("Send me a link")
    unknown = gail.text()
    gail.open("/sign-in").fill("E-mail address", "gail@example.org").press("Send me a link").look("sign-in-sent")
    expect(gail.text() == unknown, "the answer tells who has an account")
    letter = wait_for_letter("gail@example.org", "/sign-in/link/")
    gail.open(re.search(r"http://\S+/sign-in/link/\S+", letter.get_payload()).group()).look("sign-in-first")
    gail.fill("First-use code", gail_code).fill("New PIN", "123456").fill("New PIN again", "123456").press("Sign in")
    gail.says("that nobody guesses").fill("First-use code", gail_code).fill("New PIN", "283671").fill("New PIN again", "283671")
    gail.press("Sign in").says("You have not asked for a mentor").look("home-participant")
    # Before another person has reached her she is shown nothing that is hers alone.
    gail.open("/account").says("Somebody of the office makes sure that it is you").look("account-held")
    gail.open("/private-list").says("First somebody makes sure that it is you").look("held")
    pia.open("/second-hand").says("Did it come to them?", "Olga Petrov").look("second-hand-access").press("Gail Underwood")
    pia.says("Do not use this number").look("second-hand-sign-in")
    pia.press("Save what they said").says("one of the two answers").look("second-hand-sign-in-wrong")
    pia.choose("Face to face").choose("It came to me, I set my PIN with it myself, and nobody else uses it").press("Save what they said").says("They can sign.")
    pia.press("Hugo Lindner").choose("By a number or address that I found elsewhere")
    pia.choose("It came to me, I set my PIN with it myself, and nobody else uses it").press("Save what they said")
    pia.says("it has not been used yet").look("second-hand-unused")
    gail.open("/account").never_says("makes sure that it is you").open("/home")
    # She would like to be a mentor herself one day; her coordinator answers.
    gail.press("Become a mentor").look("mentoring").press("Ask to be a mentor").says("what is asked of a mentor").look("mentoring-wrong")
    gail.choose("entered or completed the program, in stable compliance").press("Ask to be a mentor")
    gail.says("has not answered yet").look("mentoring-waits")
    olga.open("/desk").press("Who would like to be a mentor").says("Gail Underwood").look("applications")
    olga.press("Not now").says("Nobody is waiting for an answer.")
    gail.open("/mentoring").says("not now").look("mentoring-answered")
    gail.open("/home")
    hugo = Person("hugo").open("/sign-in").press("Sign in with a printed code").look("sign-in-code")
    hugo.fill("Code", sheet[0]).press("Go on").look("sign-in-code-first")
    hugo.fill("First-use code", hugo_code).fill("New PIN", "904417").fill("New PIN again", "904417").press("Sign in")
    pia.open("/second-hand").press("Hugo Lindner").choose("By a number or address that I found elsewhere")
    pia.choose("It came to me, I set my PIN with it myself, and nobody else uses it").press("Save what they said")
    pia.says("They can sign.").never_says("Hugo Lindner").open("/admin")
    hugo.press("What mentors sign").look("agreements")
    hugo.fill("Name for the form", "Hugo L.").choose("I have read this and I sign it").press("Sign").says("You have signed.")
    hugo.press("Where, when and what you can talk about").look("answers").choose("Stress").choose("Downtown").press("Keep this")
    hugo.press("Pause, and how many people at once").look("availability").press("Keep this")

    # -- The case.
    gail.enter("A mentor for you").look("case-idle").press("Ask").look("request").press("Yes, I ask").says("You have asked.").look("case-requested")
    gail.press("Answer the survey").look("survey").choose("Stress").press("Send my answers").says("your mark: without it").look("survey-wrong")
    gail.choose("I understand that this is voluntary, that nobody watches it, and that I may stop at any time.").press("Send my answers")
    gail.says("Your answers are here").look("case-surveyed")
    gail.open("/private-list").look("private-list").fill("Name or telephone number", "Somebody Else").press("Keep us apart")
    gail.says("Kept as a code")
    olga.open("/desk").says("Your turn", "Gail Underwood").look("desk").press("Gail Underwood").says("Hugo Lindner").look("case-coordinator")
    olga.press("Propose a mentor").look("proposal").choose("Hugo Lindner").press("Propose").says("Proposed.")
    gail.open("/home").never_says("Hugo", "roposed").says("looks for somebody")
    hugo.open("/home").says("a free place for one more person").never_says("Gail", "Underwood").look("home-mentor")
    hugo.enter("Somebody to mentor").look("case-mentor-asked").press("Yes, I have a free place").press("Yes, I have a place").says("Thank you")
    olga.open("/desk").press("Gail Underwood").press("Offer the release").look("offer").press("Offer it").says("offered")
    gail.open("/home").says("Please read the release").enter("A mentor for you").says("Hugo L.").press("Read and sign the release")
    gail.says("Signing on screen").look("electronic").press("Open the sample document").look("sample")
    code = re.search(r"The code is (\S+?)\.", gail.text()).group(1)
    gail.driver.back()
    gail.fill("Code from the sample document", "AAAAA").choose("I agree to sign and to get documents on screen").press("Agree")
    gail.says("expected the code").fill("Code from the sample document", code)
    gail.choose("I agree to sign and to get documents on screen").press("Agree")
    gail.press("Read and sign the release").says("RELEASE OF INFORMATION", "Hugo L.", "+13125550161").look("signature")
    gail.press("Sign").says("your mark beside").choose("I sign this release").press("Sign")
    gail.says("You have signed the release.", "Your code to take it back").look("receipt")
    rescind_code = gail.scans("receipt").secret()[0]
    receipt = gail.driver.current_url
    gail.enter("A mentor for you").says("It is usually released within two working days").look("case-signed")
    olga.open("/desk").says("To be released by January 7, 2026.").press("Gail Underwood").says("Valid")
    olga.press("Release the card").look("disclosure").press("Release the card")
    olga.says("Recorded, and the card is open.").look("case-coordinator-introduced")
    hugo.open("/home").says("A card is here for you").never_says("Gail", "5550161")
    hugo.enter("Somebody to mentor").look("case-mentor").press("Show me the card").says("Gail", "+13125550161", "42 CFR part 2", "January 12, 2026").look("card")
    hugo.never_says("Underwood", "gail@example.org", "nurse", "Olga")
    hugo.press("Back to the case").press("Note for the two of us: a call was made").look("private-note").says("for the two of you alone")
    hugo.press("Back to the case").says("Yes").press("Note for the two of us: a meeting was arranged")
    gail.open("/shown").says("Hugo L.", "first name, telephone number").look("shown")
    gail.enter("A mentor for you").look("case-introduced").press("My number is wrong").look("wrong-number")
    gail.press("Show this number to nobody")
    gail.says("Nobody is shown the number any more.", "My number was right after all").look("case-wrong-number")
    hugo.enter("Somebody to mentor").says("Wait: a new number is coming.").look("case-mentor-frozen").press("Show me the card")
    hugo.says("Do not call the old one.").never_says("5550161").look("card-frozen")
    gail.press("Correct my details").look("correction")
    gail.fill("Telephone", "312-555-0199").choose("I sign this release").press("Sign the correction").says("You have signed the correction.")
    hugo.enter("Somebody to mentor").press("Show me the card").says("+13125550199").never_says("5550161")
    # Two taps from the case: the link, the button.
    replayed = hugo.driver.page_source
    gail.enter("A mentor for you").press("Take my release back").look("rescission").choose("Do not propose Hugo L. to me again", chosen=False).press("Take it back now")
    gail.says("Your release is taken back").look("receipt-rescinded")
    hugo.driver.refresh()
    try:
        hugo.driver.switch_to.alert.accept()
    except Exception:
        pass
    hugo.says("This card is not available").never_says("+13125550199", "Gail").look("card-refused")
    hugo.open("/home").says("Please do not make contact")
    gail.enter("A mentor for you").says("You may ask again").press("Ask again").press("Yes, I ask again").says("You have asked again.")
    gail.press("Stop, and keep nothing").look("declination").press("Stop and delete").says("Your request is over")
    gail.open("/account").look("account").fill("PIN now", "283671").fill("New PIN", "779504").press("Change the PIN").says("changed")

    # -- On paper: printed form, scan, rescission by code without signing in.
    maya = Person("maya").open(links["coordinator"]).press("Sign in").press("The coordinator's desk")
    maya.press("Find a caller").look("find").fill("Telephone", "312-555-0142").press("Find").look("found").press("Ada Fairweather")
    maya.look("person-participant").press("Mentorship").press("Ask").choose("by telephone").press("Yes, I ask").says("Recorded for them.")
    maya.press("Answer the survey").look("survey-proxy").choose("on paper").choose("Family")
    maya.choose("I understand that this is voluntary, that nobody watches it, and that I may stop at any time.").press("Send my answers")
    maya.press("Propose a mentor").choose("Cleo Marchetti").press("Propose").press("Yes, I have a free place").press("Yes, I have a place")
    maya.press("Offer the release").press("Offer it").press("Print the form to be signed on paper").look("form-print")
    digest = re.search(r"([0-9a-f]{8}) [0-9a-f]{8}", maya.text()).group(1)
    pdf = maya.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
    scan = place / "scan.pdf"
    scan.write_bytes(base64.b64decode(pdf["data"]))
    maya.press("Back to the case").press("Read and sign the release").look("signature-paper")
    maya.fill("First eight characters of the digest on the paper", "00000000").fill("Day on the paper", "2026-01-05").fill("Scan of the signed form", str(scan)).press("Sign")
    maya.says("the digest that is printed").fill("First eight characters of the digest on the paper", digest)
    maya.fill("Scan of the signed form", str(scan)).choose("on paper").press("Sign")
    maya.says("It counts once a colleague has looked at it").look("paper-waits")
    pia.open("/second-hand").says("Did Ada Fairweather sign this paper?").press("Look at the paper").says("RELEASE OF INFORMATION").look("second-hand-paper")
    pia.press("Save what they said").says("one of the two answers")
    pia.choose("Face to face").choose("I signed it").press("Save what they said")
    pia.says("Recorded for them.", "Print this receipt").look("receipt-paper")
    maya.open(maya.driver.current_url.split("?")[0]).press("Release the card").press("Release the card").says("the card is open")
    maya.open("/desk/notices").look("notices")

    # -- The auditor sees records and nobody.
    noor.open("/home").press("The records").look("audit")
    noor.never_says("Gail", "Hugo", "Fairweather", "5550")
    noor.press("All records").look("audit-records")
    noor.driver.find_elements(By.CSS_SELECTOR, "tbody a")[0].click()
    noor.says("/v1").look("audit-record").never_says("Gail", "Hugo", "Fairweather", "5550")

    # -- Rescission by code, signed out.
    ada = Person("nobody").open("/rescission").look("rescission-by-code").fill("Code from your receipt", "AAAAA-AAAAA-AAAAA-AAAAA")
    ada.press("Take it back now").says("a code as it stands on a receipt").look("rescission-by-code-wrong")
    ada.fill("Code from your receipt", rescind_code.lower().replace("-", " ")).press("Take it back now").says("It is taken back")
    ada.look("rescission-by-code-done")
    ada.open("/nothing/here").look("not-signed-in")
    gail.open("/desk").says("There is nothing here for you").look("not-found")

    # -- A conversation with a peer, over a restart, to the day of the answer.
    gail.enter("Talk with somebody").look("case-asker").press("Ask to talk with somebody").look("question").fill("Name for the form", "Gail U.").press("Yes, I ask")
    gail.says("You hear as soon as somebody is found")
    olga.open("/desk")
    cells = [row for row in olga.driver.find_elements(By.CSS_SELECTOR, "tbody tr") if "Peer conversation" in row.text]
    cells[0].find_element(By.TAG_NAME, "a").click()
    olga.press("Invite somebody to talk").look("invitation").fill("Telephone number of the person to ask", "312-555-0162").press("Invite")
    olga.says("Invited.")
    hugo.open("/home").says("Would you be willing").enter("Talk about having a mentor")
    hugo.look("case-volunteer-asked").never_says("Gail", "Underwood").press("Yes, I am willing").press("Yes, I am willing").says("read the release")
    hugo.press("Read and sign the release").press("Open the sample document")
    code = re.search(r"The code is (\S+?)\.", hugo.text()).group(1)
    hugo.driver.back()
    hugo.fill("Code from the sample document", code).choose("I agree to sign and to get documents on screen").press("Agree")
    hugo.press("Read and sign the release").says("Gail U.").look("signature-volunteer").choose("I sign this release").press("Sign")
    hugo.says("You have signed the release.")
    gail.open("/home").says("You hear as soon as somebody is found").never_says("Hugo")

    service.send_signal(signal.SIGINT)
    expect(service.wait(timeout=30) == 0, f"Ctrl-C: ended with {service.returncode}")
    service, links = serve("2026-01-14T10:00")
    olga = Person("olga").open("/sign-in/staff").fill("E-mail address", "olga@example.org").fill("Password", "four quiet green lamps")
    olga.fill("Code", recovery[1]).press("Sign in").press("The coordinator's desk")
    cells = [row for row in olga.driver.find_elements(By.CSS_SELECTOR, "tbody tr") if "Peer conversation" in row.text]
    cells[0].find_element(By.TAG_NAME, "a").click()
    olga.press("Release the card").press("Release the card").says("the card is open")
    letters.clear()
    gail.open("/sign-in").fill("E-mail address", "gail@example.org").press("Send me a link")
    letter = wait_for_letter("gail@example.org", "/sign-in/link/")
    gail.open(re.search(r"http://\S+/sign-in/link/\S+", letter.get_payload()).group()).fill("PIN", "779504").press("Sign in")
    gail.says("somebody is willing").enter("Talk with somebody").look("case-asker-alerted").press("Show me the card").says("Hugo", "+13125550162").never_says("Lindner").look("card-peer")
    gail.press("Sign out")

    # -- Somebody is suspended at once, and takes part again by two hands; somebody stands in.
    olga.open("/desk/telephone").look("telephone")
    olga.open("/desk").press("Who stands in for me").look("cover").choose("Maya Lindqvist").fill("Until", "tomorrow").press("Save")
    olga.says("Please look at this again").fill("Until", "2026-02-01").choose("Maya Lindqvist").press("Save").says("Saved.")
    olga.press("What colleagues ask for").look("second-hand").press("Suspend somebody, or record a death").look("suspension")
    olga.fill("Full name", "Hugo Lindnr").fill("Telephone", "312-555-0162").press("Record it").says("exactly as they are entered")
    olga.look("suspension-unknown").fill("Full name", "Hugo Lindner").press("Record it").says("Suspended.")
    olga.open(person_hugo).says("Suspended since").look("person-suspended").press("Ask that they take part again")
    olga.says("Asked for.", "Shall Hugo Lindner take part again?").look("second-hand-waiting")
    olga.press("Confirm").says("Somebody else has to confirm this").look("second-hand-own")
    maya = Person("maya").open(links["coordinator"]).press("Sign in").open("/second-hand").press("Confirm").says("Done.")

    # -- What the auditor downloads is checked with stock openssl, and a head goes back cosigned.
    noor = Person("noor").open(links["auditor"]).press("Sign in")
    (place / "log.tar.gz").write_bytes(noor.download("/audit/export"))
    subprocess.run(["tar", "-C", str(place), "-xzf", str(place / "log.tar.gz")], check=True)
    kit = subprocess.run(["sh", "Kit/verify.sh", "all", str(place / "log")], capture_output=True, text=True)
    expect(kit.returncode == 0 and "verified with OpenSSL" in kit.stdout, f"the export does not verify: {kit.stdout} {kit.stderr}")
    (place / "witness-passphrase").write_text("a witness's passphrase\n")
    own = ["--passphrase-file", str(place / "witness-passphrase")]
    made = subprocess.run([privity, "audit", "witness", str(place / "witness"), "--name", "auditor.example.net/noor"] + own, capture_output=True, text=True)
    expect(made.returncode == 0, made.stderr)
    fingerprint = re.search(r"fingerprint of this log.*: ([0-9a-f]{64})", kit.stdout + kit.stderr)
    seen_head = subprocess.run([privity, "audit", "cosign", str(place / "witness"), str(place / "log"), "--fingerprint", fingerprint.group(1)] + own,
                               capture_output=True, text=True)
    expect(seen_head.returncode == 0, seen_head.stderr)
    head = (place / "log" / "checkpoint").read_text()
    noor.open("/audit").paste("Head with your signature", head).press("Hand it in").says("a witness's line").look("audit-cosign-wrong")
    noor.paste("Head with your signature", seen_head.stdout).press("Hand it in").says("The cosigned head is kept.", "auditor.example.net/noor").look("audit-cosigned")

    for to, letter in letters:
        words = str(letter)
        for marker in ("Gail", "Hugo", "Underwood", "Lindner", "mentor", "Mentor", "recovery", "MPHP", "case", "312"):
            expect(marker not in words.replace(f"http://127.0.0.1:{port}", ""), f"a letter says {marker!r}")
    expect(focused_visibly[0] > 100, "focus is not visible")
    end(service)
finally:
    close(service)

lines = silent_log("Gail", "Hugo", "Underwood", "Lindner", "5550161", "5550199", "gail@", "olga@", "283671", rescind_code, "/private\"")
for line in lines:
    json.loads(line)
print(f"{len(seen)} pages at 2 widths, {focused_visibly[0]} elements reached by keyboard, {len(findings)} findings")
sys.exit(1 if findings else 0)
