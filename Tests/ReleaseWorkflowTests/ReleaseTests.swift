import ReleaseWorkflow
import Testing

@Suite("Release")
struct ReleaseTests {
    private func document(signedOn: CivilDate) -> ReleaseDocument {
        var document = ReleaseDocument()
        document.personName = "Ada Fairweather"
        document.discloser = "MPHP"
        document.fields = [.firstName, .phone]
        document.recipientName = "Ben O."
        document.purpose = .firstCallAndMeeting
        document.revocation = "I may take it back."
        document.expiresOn = signedOn.adding(months: 12)
        document.signature = SignatureEvidence(
            means: .screen, meaning: SignatureEvidence.meaning, authenticatedBy: "signIn", scanDigest: nil,
            signedOn: signedOn)
        document.signedOn = signedOn
        document.redisclosure = "It may not be passed on."
        document.conditions = "Nothing depends on it."
        return document
    }

    @Test("DER-04: each missing element is refused with its own paragraph, and a complete release is not refused")
    func everyElement() throws {
        let today = try date("2026-01-08")
        #expect(document(signedOn: today).missing(asOf: today) == [])
        let removals: [(ReleaseElement, (inout ReleaseDocument) -> Void)] = [
            (.personName, { $0.personName = " " }), (.discloser, { $0.discloser = nil }),
            (.information, { $0.fields = [] }),
            (.recipient, { $0.recipientName = "" }), (.purpose, { $0.purpose = nil }),
            (.revocation, { $0.revocation = nil }),
            (.expiry, { $0.expiresOn = nil }), (.signature, { $0.signature = nil }), (.date, { $0.signedOn = nil }),
            (.redisclosure, { $0.redisclosure = nil }), (.conditions, { $0.conditions = nil }),
        ]
        #expect(Set(removals.map(\.0)) == Set(ReleaseElement.allCases))
        for (element, remove) in removals {
            var partial = document(signedOn: today)
            remove(&partial)
            #expect(partial.missing(asOf: today).contains(element))
            let refusal = #expect(throws: Refusal.self) { try partial.complete(asOf: today) }
            #expect(refusal?.description.contains(partial.missing(asOf: today)[0].paragraph) == true)
        }
    }

    @Test(
        "MPHP-36: a clinical release makes a contact card for one person and nothing else ever; a profile card comes of other programs alone"
    )
    func cards() throws {
        let today = try date("2026-01-08")
        let now = try moment("2026-01-08")
        let ben = Recipient.person(PersonID(high: 1, low: 2))
        let contact = ReleasedFields.contact(
            try FirstName(parsing: "Ada", surname: "Fairweather"), try PhoneNumber(e164: "+13125550142"))
        let profile = ReleasedFields.profile([.displayName: try ProfileText(parsing: "Ada F.", field: "displayName")])
        func active(
            _ fields: ReleasedFields, _ listed: [PermittedField], _ level: Confidentiality, to recipient: Recipient,
            isClosed: Bool = false,
            isDisclosed: Bool = true
        ) throws -> ActiveRelease {
            var document = document(signedOn: today)
            document.fields = listed
            let verified = VerifiedRelease(
                id: ReleaseID(high: 0, low: 1), recipient: recipient, fields: fields,
                complete: try document.complete(asOf: today),
                confidentiality: level, isClosed: isClosed, isDisclosed: isDisclosed)
            return try ActiveRelease(verified, for: recipient, at: now)
        }
        let clinical = try active(contact, [.firstName, .phone], .clinical, to: ben)
        #expect(try disclose(contact, under: clinical).firstName.text == "Ada")
        #expect(throws: Refusal.cardClosed) { try disclose(profile: contact, under: clinical) }
        #expect(throws: Refusal.cardClosed) { try active(profile, [.displayName], .clinical, to: ben) }
        #expect(throws: Refusal.cardClosed) {
            try active(contact, [.firstName, .phone], .clinical, to: .audience(.everyone))
        }
        #expect(throws: Refusal.cardClosed) { try active(contact, [.firstName], .clinical, to: ben) }
        let open = try active(profile, [.displayName], .professional, to: .audience(.everyone))
        #expect(try disclose(profile: profile, under: open).fields == [.displayName: "Ada F."])
        #expect(throws: Refusal.cardClosed) { try disclose(profile, under: open) }
        #expect(throws: Refusal.cardClosed) { try active(profile, [.displayName, .region], .professional, to: ben) }
        #expect(throws: Refusal.cardClosed) {
            try active(profile, [.displayName], .professional, to: ben, isClosed: true)
        }
        #expect(throws: Refusal.cardClosed) {
            try active(profile, [.displayName], .professional, to: ben, isDisclosed: false)
        }
    }

    @Test(
        "a profile field is one visible line of at most 200 characters in any script; what is refused is named and never repeated"
    )
    func profileText() throws {
        for text in ["Ada F.", "アダ・フェア", "ada@example.org, evenings", "O’Brien-Łuczak"] {
            #expect(try ProfileText(parsing: text, field: "region").text == text)
        }
        for text in ["", "   ", "two\nlines", "hidden\u{202E}", "bell\u{7}", String(repeating: "x", count: 201)] {
            let problem = #expect(throws: FieldProblem.self) { try ProfileText(parsing: text, field: "region") }
            #expect(problem?.field == "region" && !"\(String(describing: problem))".contains("hidden"))
        }
    }

    @Test(
        "a signature dated in the future, or on paper without a scan, is no signature (law.md section 1, (a)(8), (a)(9))"
    )
    func signatures() throws {
        let today = try date("2026-01-08")
        #expect(document(signedOn: today.adding(days: 1)).missing(asOf: today) == [.date])
        var paper = document(signedOn: today)
        paper.signature = SignatureEvidence(
            means: .paper, meaning: SignatureEvidence.meaning, authenticatedBy: "coordinator", scanDigest: nil,
            signedOn: today)
        #expect(paper.missing(asOf: today) == [.signature])
    }

    @Test(
        "A-01: the shipped form says first name and telephone number, names every element, and shows them in their places"
    )
    func form() throws {
        let policy = try mphp().policy
        #expect(ReleaseForm.problems(in: policy.release.form.text).missing == [])
        let text = ReleaseForm.render(policy.release.form.text, document(signedOn: try date("2026-01-08")))
        for words in [
            "Ada Fairweather", "MPHP", "first name and telephone number", "Ben O.", "first telephone call",
            "2027-01-08",
            "I may take it back.", "It may not be passed on.", "Nothing depends on it.", "Nothing else.",
        ] {
            #expect(text.contains(words))
        }
        #expect(!text.contains("{"))
    }

    @Test("DER-05: the notice is the short statement of 42 CFR 2.32(a), byte for byte")
    func notice() {
        #expect(RedisclosureNotice.text == "42 CFR part 2 prohibits unauthorized use or disclosure of these records.")
    }

    @Test("law.md 508(c)(3): the release reads at about an eighth-grade level")
    func plainLanguage() throws {
        let policy = try mphp().policy
        let text = [
            policy.release.form.text, policy.release.statements.revocation, policy.release.statements.redisclosure,
            policy.release.statements.conditions,
        ].joined(separator: " ").lowercased().replacingOccurrences(["{", "}"], with: "")
        let sentences = text.split { ".:!?".contains($0) }.filter { $0.contains(where: \.isLetter) }.count
        let words = text.split { !$0.isLetter && $0 != "'" }
        let syllables = words.map { word in
            max(
                1,
                word.indices.filter {
                    "aeiouy".contains(word[$0])
                        && ($0 == word.startIndex || !"aeiouy".contains(word[word.index(before: $0)]))
                }.count)
        }.reduce(0, +)
        // Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59.
        let grade =
            0.39 * Double(words.count) / Double(sentences) + 11.8 * Double(syllables) / Double(words.count) - 15.59
        #expect(grade <= 8.5, "grade \(grade)")
    }
}

extension String {
    fileprivate func replacingOccurrences(_ parts: [String], with replacement: String) -> String {
        parts.reduce(self) { $0.split(separator: $1, omittingEmptySubsequences: false).joined(separator: replacement) }
    }
}

@Suite("First names and phone numbers")
struct ContactFieldTests {
    @Test(
        "DER-11: a first name may be in any script",
        arguments: [
            "Ada", "José", "Zoë", "Anne-Marie", "D’Arcy", "李", "Мария", "नीना", "Mary Ann", "عائشة", "Pa", "Do", "Md",
            "Pa Houa", "Md Rafiq", "J.P.", "Mary J", "Ada L.", "Min-A", "علی\u{200C}رضا", "Ng", "O", "Nguyễn",
            "Siobhán",
            "ʻAulani", "Þór", "Jean\u{2010}Luc", "N’Golo", "Ma", "Kim", "Björk", "Łukasz", "Đặng", "Ioana-Maria", "Mỹ",
        ])
    func accepted(name: String) throws {
        let parsed = try FirstName(parsing: name, surname: "Lovelace", fullName: "\(name) Lovelace")
        #expect(parsed.text == name && !parsed.isLikeSurname("Lovelace", fullName: "\(name) Lovelace"))
    }

    @Test(
        "R36: a first name that is the surname, or has it within, is one that its owner is asked about",
        arguments: [
            ("Lee", "Lee", "Lee Lee"), ("Thomas", "Thomas", "Thomas Thomas"), ("Rosemary", "Rose", "Rosemary Rose"),
            ("Martina", "Martin", "Martina Martin"), ("Lee Ann", "Lee", "Lee Ann Lee"), ("Sukarno", "", "Sukarno"),
            ("Suharto", "Suharto", "Suharto"), ("MOHAMED", "Mohamed", "Mohamed Mohamed"),
        ])
    func likeSurname(name: String, surname: String, fullName: String) throws {
        #expect(
            try FirstName(parsing: name, surname: surname, fullName: fullName)
                .isLikeSurname(surname, fullName: fullName))
    }

    @Test(
        "DER-11, R36: given name and surname together, a title, digits, symbols and invisible characters never pass for a first name",
        arguments: [
            "Ada Lovelace", "ada LOVELACE", "Ada-Lovelace", "Dr Dana", "Dr. Dana", "Dana, RN", "Dana MD", "Dana D.O.",
            "Dana PhD", "Miss Dana", "Ada1", "ada@example", "", "   ", "Ada\u{202E}", "Ada\u{200B}", "\u{200C}Ada",
            "Ada\u{200D}", "Ada\n", ".Ada", "Ada . B", "Nurse Ada", "Ada 😀", "-", String(repeating: "a", count: 41),
        ])
    func refused(name: String) {
        let problem = #expect(throws: FieldProblem.self) { try FirstName(parsing: name, surname: "Lovelace") }
        #expect(problem?.field == "firstName")
        if name.count > 2 { #expect(problem?.description.contains(name) == false) }
    }

    @Test(
        "DER-11, R36: no surname of a hundred and twenty-five gets through the first-name box behind a name, and alone none without being asked about"
    )
    func surnames() {
        let parts = ["Mac", "Van", "Ost", "Rivera", "Kow"]
        for first in parts {
            for second in parts {
                for third in parts {
                    let surname = first + second.lowercased() + third.lowercased()
                    for attempt in ["Ada \(surname)", "Ada-\(surname)", "ada \(surname.uppercased())"] {
                        #expect(throws: FieldProblem.self) { try FirstName(parsing: attempt, surname: surname) }
                    }
                    for alone in [surname, surname.uppercased()] {
                        let isLike = try? FirstName(parsing: alone, surname: surname).isLikeSurname(
                            surname, fullName: "Ada \(surname)")
                        #expect(isLike == true)
                    }
                }
            }
        }
    }

    @Test(
        "DER-12: a phone number is one E.164 number",
        arguments: ["3125550142", "+0123456789", "+1312555014x", "+1", "+1312555014212345", "+1 312"])
    func phone(text: String) { #expect(throws: FieldProblem.self) { try PhoneNumber(e164: text) } }
}
