"""Walks a directory that a board's staff keep, in a folder that is no example: from the first coordinator to an entry that everybody
finds, and to its end.

    board.py PRIVITY FOLDER PICTURES SET_UP_LINK SET_UP_LINK_OF_A_COLLEAGUE
"""
from browser import *

link, colleague = sys.argv[4:6]
service, _ = serve()
try:
    # -- The board's coordinator sets up their account and enters a certified professional.
    wren = Person("wren").open("/").says("a directory that everybody can read").look("board-front")
    wren.press("How it works here").says("Mentoring is not psychotherapy.", "Offered by Illinois Certification Board.").look("board-program")
    wren.open("/directory").says("Nobody is listed").look("board-directory-empty")
    wren.open(base + link)
    secret = wren.secret()[0].replace(" ", "")
    wren.fill("Password", "four quiet green lamps").fill("Password again", "four quiet green lamps")
    wren.fill("Code", totp(secret, time.time())).press("Finish")
    recovery = wren.secret()
    wren.press("Staff sign in").fill("E-mail address", "wren@example.org").fill("Password", "four quiet green lamps")
    wren.fill("Code", recovery[0]).press("Sign in").press("The coordinator's desk").look("board-desk")
    wren.press("Enter a person")
    wren.fill("Full name", "Ines Calloway").fill("Last name", "Calloway").fill("First name", "Ines").fill("Telephone", "312-555-0171")
    wren.fill("Profession", "counselor").choose("Mentor").fill("E-mail address", "ines@example.org").press("Enter")
    wren.says("The person is entered.").never_says("Monitoring contract").look("board-person")
    person = wren.driver.current_url.split("?")[0]
    wren.press("Make a first-use code")
    first = wren.secret()[0]
    # A colleague makes sure that the code has come to her: before that it signs nothing.
    otto = Person("otto").open(base + colleague)
    secret = otto.secret()[0].replace(" ", "")
    otto.fill("Password", "seven slow brown boats").fill("Password again", "seven slow brown boats")
    otto.fill("Code", totp(secret, time.time())).press("Finish")
    recovered = otto.secret()
    otto.press("Staff sign in").fill("E-mail address", "otto@example.org").fill("Password", "seven slow brown boats")
    otto.fill("Code", recovered[0]).press("Sign in").open("/account").look("board-account")
    wren.open(person).press("Enroll as a mentor").look("board-enrollment")
    wren.fill("Certified until", "2030-12-31").fill("Experienced since", "2009-03-01").press("Attest and enroll").says("Attested and enrolled.")

    # -- She lets herself in, writes what is shown of her, signs what mentors sign, and asks to be listed.
    ines = Person("ines").open("/sign-in").fill("E-mail address", "ines@example.org").press("Send me a link")
    letter = wait_for_letter("ines@example.org", "/sign-in/link/")
    ines.open(re.search(r"http://\S+/sign-in/link/\S+", letter.get_payload()).group())
    ines.fill("First-use code", first).fill("New PIN", "283671").fill("New PIN again", "283671").press("Sign in").look("board-home")
    otto.open("/second-hand").says("Did it come to them?").press("Ines Calloway").says("Do not use this number").choose("Face to face")
    otto.choose("It came to me, I set my PIN with it myself, and nobody else uses it").look("board-confirmation")
    otto.press("Save what they said").says("They can sign.")
    ines.press("Your profile").fill("Name shown", "Ines C., CADC").fill("Region", "Springfield").fill("Topics", "careers")
    ines.fill("How to reach you", "ines.mentor@example.org").look("board-profile").press("Keep this")
    ines.open("/home").press("What mentors sign").says("ETHICS CODE FOR MENTORS", "LISTING AGREEMENT").look("board-agreements")
    ines.choose("I have read this and I sign it").press("Sign").says("You have signed.")
    ines.enter("Your listing").press("Ask to be listed").says("Nobody asks why").look("board-listing-ask")
    ines.follow(ines.driver.find_elements(By.CSS_SELECTOR, "main button")[-1])

    # -- The board offers; she signs; everybody finds her.
    wren.open("/desk").says("Ines Calloway", "The release can be offered now.").look("board-desk-asked").press("Ines Calloway")
    wren.press("Offer the release").says("read the permission").look("board-offer")
    wren.follow(wren.driver.find_elements(By.CSS_SELECTOR, "main button")[-1])
    ines.enter("Your listing").press("Read and sign the release").press("Open the sample document")
    code = re.search(r"The code is (\S+?)\.", ines.text()).group(1)
    ines.press("Back to the agreement").fill("Code from the sample document", code)
    ines.choose("I agree to sign and to get documents on screen").press("Agree")
    ines.enter("Your listing").press("Read and sign the release").says("PERMISSION TO LIST ME").look("board-signature")
    ines.choose("I sign this release").press("Sign").says("With this code", "by telephone").look("board-receipt")
    reader = Person("reader").open("/directory").says("Ines C., CADC", "ines.mentor@example.org", "Springfield", "careers")
    reader.never_says("Calloway", "5550171", "ines@example.org").look("board-directory")

    # -- The box hides her; the certification that ends hides her; she takes the entry down for good.
    ines.open("/availability?as=mentor").choose("The box is clear: nobody finds me").press("Keep this").says("Kept.")
    reader.open("/directory").never_says("Ines C.")
    ines.open("/home").says("Nobody is shown the entry at present.")
    ines.open("/availability?as=mentor").choose("The box is checked: those who may look find me").press("Keep this")
    reader.open("/directory").says("Ines C., CADC")
    wren.open(person).press("Enroll as a mentor").fill("Certified until", "2020-12-31").press("Attest and enroll")
    wren.says("Is this what you mean to change?").look("board-enrollment-asks").press("Yes, attest this")
    reader.open("/directory").never_says("Ines C.")
    ines.enter("Your listing").says("Something it rests on is missing").look("board-hidden")
    wren.open(person).press("Enroll as a mentor").fill("Certified until", "2030-12-31").press("Attest and enroll").press("Yes, attest this")
    reader.open("/directory").says("Ines C., CADC")
    ines.enter("Your listing").press("Take my entry down for good").look("board-end")
    ines.follow(ines.driver.find_elements(By.CSS_SELECTOR, "main button")[-1])
    ines.says("Your entry is down.").look("board-ended")
    reader.open("/directory").says("Nobody is listed").never_says("Ines C.")
    end(service)
finally:
    close(service)

silent_log("Ines", "Calloway", "5550171", "ines@", "ines.mentor@", "283671")
print(f"{len(seen)} pages at 2 widths, {len(findings)} findings")
sys.exit(1 if findings else 0)
