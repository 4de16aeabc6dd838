"""Walks a program that keeps no staff, in a folder that is no example: from the list of members to an entry that is hidden.

    roll.py PRIVITY FOLDER PICTURES SET_UP_LINK
"""
from browser import *

link = sys.argv[4]
members = place / "members.csv"
members.write_text("""name,surname,firstName,phone,field,roles,mail,memberNumber,attributes,displayName,contactRoute
Lena Ostrowski,Ostrowski,Lena,626-555-0120,therapy,mentor,lena@example.org,SG-1001,member;goodStanding;licensed,"Lena Ostrowski, LMFT",lena@example.org
Theo Blackwood,Blackwood,Theo,626-555-0122,therapy,participant,theo@example.org,SG-1002,member;goodStanding;preLicensed,,
Vera Sandoval,Sandoval,Vera,626-555-0123,therapy,participant,vera@example.org,SG-1003,member;goodStanding;preLicensed,,
""")
wrong = place / "wrong.csv"
wrong.write_text(members.read_text().replace("626-555-0122", "555-0122"))
service, _ = serve()
try:
    pia = Person("pia").open("/").says("directory").look("roll-front")
    pia.open(base + link).look("roll-set-up")
    secret = pia.secret()[0].replace(" ", "")
    pia.fill("Password", "four quiet green lamps").fill("Password again", "four quiet green lamps")
    pia.fill("Code", totp(secret, time.time())).press("Finish")
    recovery = pia.secret()
    pia.press("Staff sign in").fill("E-mail address", "pia@example.org").fill("Password", "four quiet green lamps")
    pia.fill("Code", recovery[0]).press("Sign in").press("Members").look("roll-desk")
    pia.press("Bring the list of members").look("roll-list").fill("The file", str(wrong)).press("Bring it in")
    pia.says("Nobody was entered.", "area code").look("roll-list-wrong")
    pia.fill("The file", str(members)).press("Bring it in").says("3 entered, 0 known already.").look("roll-list-done")

    def enter(name, number):
        person = Person(name).open("/sign-in").fill("E-mail address", f"{name}@example.org").press("Send me a link")
        letter = wait_for_letter(f"{name}@example.org", "/sign-in/link/")
        person.open(re.search(r"http://\S+/sign-in/link/\S+", letter.get_payload()).group())
        person.fill("Your member number", number).fill("New PIN", "283671").fill("New PIN again", "283671").press("Sign in")
        return person

    lena = enter("lena", "SG 1001").says("Your").look("roll-home-mentor")
    lena.press("What mentors sign").choose("I have read this and I sign it").press("Sign").says("You have signed.")
    lena.enter("Your listing").look("roll-listing-idle").press("List me").look("roll-listing-ask")
    lena.follow(lena.driver.find_elements(By.CSS_SELECTOR, "main button")[-1])
    lena.press("Read and sign the release").look("roll-electronic").press("Open the sample document")
    code = re.search(r"\b([A-Z0-9]{5})\b", lena.text()).group(1)
    lena.press("Back to the agreement").fill("Code from the sample document", code)
    lena.choose("I agree to sign and to get documents on screen").press("Agree")
    lena.enter("Your listing").press("Read and sign the release").look("roll-signature").choose("I sign this release").press("Sign")
    lena.says("With this code").look("roll-receipt")

    theo = enter("theo", "sg1002")
    theo.press("What mentees sign").choose("I have read this and I sign it").press("Sign").press("The directory")
    theo.says("Lena Ostrowski, LMFT", "lena@example.org").never_says("5550120").look("roll-directory")
    theo.press("One of us supervises the other, or did: never show us to each other").never_says("Lena Ostrowski")
    vera = enter("vera", "SG-1003")
    vera.press("What mentees sign").choose("I have read this and I sign it").press("Sign").press("The directory").says("Lena Ostrowski, LMFT")
    lena.open("/availability?as=mentor").look("roll-box").choose("The box is clear: nobody finds me").press("Keep this").says("Kept.")
    vera.open("/directory").never_says("Lena Ostrowski").look("roll-directory-empty")
    lena.open("/availability?as=mentor").choose("The box is checked: those who may look find me").press("Keep this")
    vera.open("/directory").says("Lena Ostrowski, LMFT")
    end(service)
finally:
    close(service)

silent_log("Lena", "Ostrowski", "Theo", "5550120", "lena@", "283671", "1001")
print(f"{len(seen)} pages at 2 widths, {len(findings)} findings")
sys.exit(1 if findings else 0)
