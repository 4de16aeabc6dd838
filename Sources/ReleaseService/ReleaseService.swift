internal import Cryptography
public import Matching
public import ReleaseLedger
public import ReleaseWorkflow
public import TransparencyLog

/// The service for one caller. Everything about a person, a case or the log's records is authorized for the caller; a
/// change is authorized inside the transaction that carries it out.
///
/// A caller who may not ask gets `Refusal.notFound`, as for a thing that is not there; ``identity(of:)`` gives nil. The
/// policy, the keys, the size of the log and the time are open to every caller. A code that ends a release or answers
/// an evaluation needs no caller.
public struct ReleaseService: Sendable {
    let core: Core
    public let caller: Caller
    /// The private halves with which the caller opens what is sealed to them alone.
    let own: OwnKeys?

    private func read<R>(_ body: (Snapshot) throws -> R) throws -> R { try core.reader.read(as: own, body) }

    /// Reads something that only some may read.
    private func read<R>(as admission: Admission, _ body: (Snapshot) throws -> R) throws -> R {
        try core.reader.read(as: own) { snapshot in
            let permit = snapshot.permit(caller)
            try permit.require(admission.admits(permit))
            return try body(snapshot)
        }
    }

    private func input() throws -> PersonInput {
        PersonInput(phones: core.parts.phones, region: try current().policy.region)
    }

    private func current() throws -> LoadedPolicy {
        try core.latest.value.policies.inForce(on: core.reader.moment().date)
    }

    // MARK: Cases

    /// Carries out what is asked about a case. Only the operator may call it; everybody else uses ``ask(_:)``, whose
    /// answers do not tell in what state a case is.
    ///
    /// - Returns: an outcome, done or refused; a refusal has changed nothing.
    /// - Throws: `Refusal.notFound` to every other caller; `FieldProblem` for a value that cannot be used;
    ///   ``MachineryError`` and storage errors when the machinery fails.
    public func submit(_ submission: Submission) async throws -> Outcome {
        guard caller == .operator else { throw Refusal.notFound }
        try checkPhotograph(submission.signing?.paper)
        return try await core.run(
            SubmitAct(submission), by: caller, key: submission.kind.isPrivate ? nil : submission.key)
    }

    /// A photograph that nobody could open is none.
    private func checkPhotograph(_ paper: Paper?) throws {
        guard let paper, let scan = try? Scan(parsing: paper.bytes), scan.kind == .heic else { return }
        _ = try core.parts.photographs?.jpeg(ofHEIC: scan.bytes)
    }

    /// Carries out what is asked about a case by its handle.
    ///
    /// - Throws: `Refusal.notFound` for a handle that is not the caller's; otherwise as ``submit(_:)``.
    public func ask(_ asked: Asked) async throws -> Answered {
        let ask = Ask(asked: asked, caller: caller)
        let own = own
        return try await core.sequencer.together(seed: asked.key) { tx -> Result<Ask.Attempt, any Error> in
            tx.own = own
            do {
                return .success(try ask.carryOut(tx))
            } catch let error as any Refusing {
                return .failure(error)
            }
        } answer: { result, tx, answering in
            let attempt = try result.get()
            return Answered(
                outcome: try Outcome(attempt.attempted, tx, answering), role: attempt.role,
                ownRelease: attempt.ownRelease)
        }
    }

    /// Opens the card of a case by its handle: recorded first.
    ///
    /// - Throws: `Refusal.cardClosed` to a recipient for whom a card was opened before, `Refusal.notFound` to everybody
    ///   else. Neither gives a reason.
    ///
    /// - Parameter isOfParting: for the card of the pair whose notice still runs.
    public func openCard(_ handle: CaseHandle, isOfParting: Bool = false) async throws -> CardView {
        let open = OpenCardOnPage(handle: handle, caller: caller, isOfParting: isOfParting)
        return try await core.sequencer.together(seed: nil) { tx -> Result<CardView, Refusal> in
            do {
                return try open.carryOut(tx)
            } catch let refusal as Refusal {
                return .failure(refusal)
            }
        } answer: { result, _, _ in
            try result.get()
        }
    }

    /// Shows a card to its reader, if this moment permits it: recorded first.
    ///
    /// - Throws: `Refusal.cardClosed` to a recipient for whom a card was opened before, `Refusal.notFound` to everybody
    ///   else. Neither gives a reason.
    public func look(_ opener: PersonID, workflow: String, reader: PersonID) async throws -> CardView {
        guard caller == .operator || caller.person == reader else { throw Refusal.notFound }
        let card = OpenCardForReader(opener: opener, workflow: workflow, reader: reader)
        return try await core.sequencer.together(seed: nil) {
            try card.carryOut($0)
        } answer: { result, _, _ in
            try result.get()
        }
    }

    /// Prints a live card again for its reader, at their request: recorded first, in the accounting of the person on
    /// it.
    ///
    /// - Throws: `Refusal.notFound` unless the caller coordinates the case; `Refusal.cardClosed` where no card is live.
    public func printCard(_ handle: CaseHandle, for reader: Role) async throws -> CardView {
        let print = PrintCard(handle: handle, caller: caller, reader: reader)
        return try await core.sequencer.together(seed: nil) {
            try print.carryOut($0)
        } answer: { result, _, _ in
            try result.get()
        }
    }

    /// The caller's own cases, their own first, those they could begin included.
    public func cases(of person: PersonID) async throws -> [CaseLine] {
        try read(as: .oneself(person)) { try Board($0).own(of: person) }
    }

    /// A page of a coordinator's board.
    public func board(of coordinator: PersonID, after place: BoardPlace?, count: Int) async throws -> BoardPage {
        try read(as: .coordinator(coordinator)) {
            try Board($0).page(of: coordinator, after: place, count: count)
        }
    }

    /// A coordinator's whole board, in the order of the ids.
    public func board(of coordinator: PersonID) async throws -> [CaseView] {
        try read(as: .coordinator(coordinator)) {
            try Board($0).page(of: coordinator, after: nil, count: .max, isWhole: true)
        }.lines.map(\.view).sorted { $0.id < $1.id }
    }

    /// The cases of one of a coordinator's people.
    public func cases(of person: PersonID, for coordinator: PersonID) async throws -> [CaseLine] {
        try read(as: .coordinator(coordinator, of: person)) { snapshot in
            guard try snapshot.people.coordinator(of: person) == coordinator else { throw Refusal.notFound }
            return try Board(snapshot).cases(of: person, for: coordinator)
        }
    }

    /// The case that a handle names for this person.
    public func party(_ handle: CaseHandle, of person: PersonID) async throws -> PartyRow {
        try read(as: .oneself(person)) { snapshot in
            guard let row = try snapshot.rows.party(handle, of: person),
                try !row.isStaff || snapshot.permit(caller).holds(.coordinator)
            else { throw Refusal.notFound }
            return row
        }
    }

    /// A case with everything that goes onto its page. A coordinator's cases are for who is signed in as staff.
    public func page(_ handle: CaseHandle, of person: PersonID) async throws -> CasePage {
        try read(as: .oneself(person)) { snapshot in
            let page = try Screen(snapshot).page(handle, of: person)
            guard try page.role != .coordinator || snapshot.permit(caller).holds(.coordinator) else {
                throw Refusal.notFound
            }
            return page
        }
    }

    /// The case of `opener`, as `viewer` in `role` sees it.
    public func view(of opener: PersonID, workflow: String, as role: Role, viewer: PersonID) async throws -> CaseView {
        try read(as: role == .coordinator ? .coordinator(viewer) : .oneself(viewer)) { snapshot in
            try Screen(snapshot).view(of: snapshot.cases.load(opener, workflow: workflow), as: role, viewer: viewer)
        }
    }

    /// The readers of the open cards of this case: for the operator's scripts.
    public func readers(of opener: PersonID, workflow: String) async throws -> [PersonID] {
        try read(as: .operator) {
            try $0.cases.load(opener, workflow: workflow).state.everyOpenCard.compactMap(\.reader.person)
        }
    }

    // MARK: Releases

    /// The release that `signer` is asked to sign now, for the screen or for printing.
    public func releaseText(
        of opener: PersonID, workflow: String, for signer: PersonID, kind: CommandKind = .sign
    ) async throws -> ReleaseText {
        try read(as: .oneself(signer, orCoordinatorOf: opener)) { snapshot in
            let whole = try snapshot.cases.load(opener, workflow: workflow)
            let text = try ReleaseTexts(snapshot, of: whole.meant(by: signer, signing: kind)).offered(
                to: signer, kind: kind)
            // The values are for the one who signs; a coordinator prints the text.
            return snapshot.permit(caller).isSelf(signer)
                ? text : ReleaseText(text: text.text, digest: text.digest, values: [], asksName: text.asksName)
        }
    }

    /// The copy that the signer keeps of a release.
    public func ownReceipt(_ release: ReleaseID, for person: PersonID) async throws -> OwnReceipt {
        try read(as: .oneself(person)) { try copies($0).receipt(of: release, for: person) }
    }

    /// The signer's own copy of a release.
    public func copy(of release: ReleaseID, for person: PersonID) async throws -> String {
        try read(as: .oneself(person)) { try copies($0).text(of: release, for: person) }
    }

    /// The receipts of a release.
    public func receipts(of release: ReleaseID) async throws -> [Receipt] {
        try read(as: .operator) { try copies($0).receipts(of: release) }
    }

    private func copies(_ snapshot: Snapshot) -> ReleaseCopies {
        ReleaseCopies(snapshot, hashes: core.sequencer.hashes)
    }

    /// The accesses to what was given of this person, to whom and when: for the person alone, in a session of theirs
    /// (42 CFR §2.25, 45 CFR 164.528).
    public func accounting(of person: PersonID) async throws -> [Look] {
        try read(as: .oneself(person)) { snapshot in
            if caller != .operator { try snapshot.requireConfirmed(person) }
            return try snapshot.looks(of: person)
        }
    }

    /// The list of what was given of this person, to whom and under which release: for the person alone. It is there
    /// whatever became of a PIN.
    public func disclosures(of person: PersonID) async throws -> [Disclosure] {
        try read(as: .oneself(person)) { snapshot in
            if caller != .operator { try snapshot.requireConfirmed(person) }
            return try snapshot.disclosures(of: person)
        }
    }

    /// The day since which older accesses and notes cannot be read any more, because the sign-in was given anew; nil
    /// where all of them can. For the person alone.
    public func readingLost(by person: PersonID) async throws -> CivilDate? {
        try read(as: .oneself(person)) { try $0.readingKey(of: person)?.since }
    }

    /// Ends a release by its code, for whoever holds it; carried out at once where the keys are here.
    ///
    /// - Throws: `Refusal.notFound` for a code that ends nothing, in the same words whatever is wrong with it.
    public func rescind(typedCode: String) async throws -> Outcome {
        let moment = try core.reader.moment()
        let row = try await core.sequencer.immediately {
            try RescindByCode.close(typedCode: typedCode, at: moment, $0)
        }
        try await core.sequencer.carryOutPending()
        // A code works while the vault is locked; which release it ended is known when it is opened.
        guard core.parts.vault != nil else {
            return Outcome(rescinded: nil, records: [], receipts: [], isReceiptPending: true, moment: moment)
        }
        return try core.reader.read { snapshot in
            guard let release = try snapshot.joined(row.reference)?.release else { throw Refusal.notFound }
            let (rows, published) = (snapshot.rows, snapshot.inForce.published)
            let records = Array(try rows.entries(of: release).map(\.index).suffix(1))
            let isPending = try snapshot.isPending(release) || !records.allSatisfy(published.covers)
            let receipts = Receipts(under: published, hashes: core.sequencer.hashes)
            return Outcome(
                rescinded: release, records: isPending ? [] : records,
                receipts: isPending ? [] : try receipts.receipts(for: records, rows), isReceiptPending: isPending,
                moment: moment)
        }
    }

    /// The key that opens one commitment of a record, for the person concerned to show to whom they choose: the key in
    /// hexadecimal, and the commitment as the record states it. That it was asked for goes to the operator journal,
    /// once a day (DER-03).
    public func opening(of release: ReleaseID, sequence: Int, path: String) async throws -> (
        key: String, stated: String
    ) {
        guard caller == .operator else { throw Refusal.notFound }
        return try await core.keep { try RevealOpening(release: release, sequence: sequence, path: path).carryOut($0) }
    }

    /// Takes down what somebody asks for on the telephone who says their full name and number, whoever they are
    /// assigned to.
    ///
    /// - Returns: the same outcome whether or not there was anything to end; refused with `notFound` unless exactly one
    ///   person is known by both.
    /// - Throws: `FieldProblem` for a number that is none.
    public func takeDown(_ call: TelephoneCall, key: String?) async throws -> Outcome {
        guard let staff = caller.person else { throw Refusal.notFound }
        return try await core.run(TakeDown(call, by: staff, input()), by: caller, key: key)
    }

    /// The directory of listings as `viewer` may see it.
    public func directory(_ viewer: Viewer) async throws -> DirectoryView {
        guard viewer == .anonymous || caller == .operator || viewer == caller.person.map(Viewer.person) else {
            throw Refusal.notFound
        }
        return try read { try Directory($0).view(for: viewer) }
    }

    // MARK: People

    /// Enters a person.
    public func add(_ new: NewPerson, key: String?) async throws -> Outcome {
        try await core.run(AddPerson(new, input(), by: caller), by: caller, key: key)
    }

    /// Puts right what is known of a person.
    ///
    /// - Parameter staff: who corrects it, where the operator's hand does; otherwise it is the caller.
    /// - Throws: `FieldProblem` for a value that cannot be used, or where nothing is to correct.
    public func correct(_ id: PersonID, _ details: Details, by staff: PersonID? = nil, key: String?) async throws
        -> Outcome
    {
        try await core.run(
            CorrectDetails(id: id, details: details, staff: staff ?? caller.person), by: caller, key: key)
    }

    /// The groups of entries under different coordinators that may be one person: for administrators, who are told the
    /// name and the coordinators.
    public func lookAlikes() async throws -> [LookAlike] {
        try read(as: .holding(.administrator)) { snapshot in
            try snapshot.lookAlikes.compactMap { group in
                let known = try group.compactMap { try snapshot.people.identity($0) }
                guard let name = known.first?.fullName, known.count > 1 else { return nil }
                let staff = try known.compactMap(\.coordinator).map { try snapshot.people.identity($0)?.fullName ?? "" }
                return LookAlike(people: group, name: name, coordinators: staff)
            }
        }
    }

    /// Forgets a group of entries that somebody has looked at.
    public func dismissLookAlikes(_ people: [PersonID], key: String?) async throws -> Outcome {
        try await core.run(DismissLookAlikes(people: people), by: caller, key: key)
    }

    /// Reports something that went wrong with what people gave: those whom it concerns are told, and their cards close
    /// where that is asked.
    ///
    /// - Throws: `FieldProblem` for a day that lies ahead, and where nobody is named.
    public func reportIncident(
        _ kind: Incident.Kind, of people: [PersonID], discoveredOn: CivilDate, closesCards: Bool, by staff: PersonID,
        key: String?
    ) async throws -> Outcome {
        try await core.run(
            ReportIncident(
                kind: kind, people: people, discoveredOn: discoveredOn, closesCards: closesCards, staff: staff),
            by: caller, key: key)
    }

    /// Notes that somebody was told of an incident, or, without a person, that nothing of it is left to do.
    public func settleIncident(_ id: String, told person: PersonID?, by staff: PersonID, key: String?) async throws
        -> Outcome
    {
        try await core.run(SettleIncident(id: id, person: person, staff: staff), by: caller, key: key)
    }

    /// The incidents that this member of staff answers for, the most pressing first, with the names of those whom they
    /// concern: an administrator's are all, a coordinator's those of their own people.
    public func incidents(for staff: PersonID) async throws -> [(incident: Incident, names: [PersonID: String])] {
        try read(as: Admission { try $0.isSelf(staff) && ($0.holds(.coordinator) || $0.holds(.administrator)) }) {
            snapshot in
            let isAdministrator = try snapshot.permit(caller).holds(.administrator)
            return try snapshot.incidents.sorted {
                ($0.settledOn == nil ? 0 : 1, $0.dueOn) < ($1.settledOn == nil ? 0 : 1, $1.dueOn)
            }
            .compactMap { incident in
                let people = try incident.people.filter {
                    try isAdministrator || snapshot.people.coordinator(of: $0) == staff
                }
                let names = try people.map { ($0, try snapshot.people.identity($0)?.fullName ?? "") }
                return people.isEmpty ? nil : (incident, Dictionary(uniqueKeysWithValues: names))
            }
        }
    }

    /// The incidents that concern a person: for themselves.
    public func ownIncidents(of person: PersonID) async throws -> [Incident] {
        try read(as: .oneself(person)) { try $0.incidents.filter { $0.people.contains(person) } }
    }

    /// Asks that what somebody signed is handed out, which a second member of staff has to confirm.
    ///
    /// - Throws: `Refusal.notFound` unless `staff` is the person's coordinator or an administrator.
    public func askToProduce(
        _ person: PersonID, _ ground: ProductionGround, by staff: PersonID, key: String?
    ) async throws -> Outcome {
        try await core.run(AskToProduce(person: person, ground: ground, staff: staff), by: caller, key: key)
    }

    /// The productions that this member of staff asked for or confirmed and that can still be taken, each with the full
    /// name of the person.
    public func productions(of staff: PersonID) async throws -> [(production: Production, name: String)] {
        try read(as: Admission { try $0.isSelf(staff) && ($0.holds(.coordinator) || $0.holds(.administrator)) }) {
            snapshot in
            try snapshot.productions.filter {
                [$0.by, $0.confirmedBy].contains(staff) && snapshot.today <= $0.on.adding(days: Production.days)
            }.map { ($0, try snapshot.people.identity($0.person)?.fullName ?? "") }
        }
    }

    /// The files of a production, for the two who asked and confirmed: without code and without accesses.
    public func produced(_ id: String, for staff: PersonID) async throws -> [ProducedFile] {
        try read(as: Admission { try $0.isSelf(staff) && ($0.holds(.coordinator) || $0.holds(.administrator)) }) {
            try ProducedFiles($0, hashes: core.sequencer.hashes).files(of: id, for: staff)
        }
    }

    /// Asks that one entry of a person becomes part of another, which a second member of staff has to confirm.
    ///
    /// - Throws: `Refusal.notFound` unless both are the caller's own; `Refusal.stillOpen` for an entry that has signed
    ///   something, can sign in, or has something open.
    public func askToMerge(_ entry: PersonID, into other: PersonID, by staff: PersonID, key: String?) async throws
        -> Outcome
    {
        try await core.run(AskToMerge(entry: entry, other: other, staff: staff), by: caller, key: key)
    }

    /// Everything that is wrong with what is typed about somebody who is to be entered, field by field; enters nobody.
    ///
    /// - Returns: the fields that cannot be used; empty where nothing is wrong.
    public func problems(of new: NewPerson) async throws -> [FieldProblem] {
        let input = try input()
        let isKnown =
            try new.coordinator.map { id in try read(as: .holding(.coordinator)) { try $0.people.isCoordinator(id) } }
            ?? true
        return AddPerson.problems(of: new, input)
            + (isKnown
                ? [] : [FieldProblem(field: "coordinator", expected: "the id of a coordinator who is known here")])
    }

    /// A person rewrites their profile.
    public func setProfile(of id: PersonID, _ profile: [ProfileField: String], key: String?) async throws -> Outcome {
        try await core.run(SetProfile(id: id, profile: input().profile(profile)), by: caller, key: key)
    }

    /// Adds to a person's private list.
    public func exclude(by id: PersonID, relation: Exclusion.Relation, typed: String, key: String?) async throws
        -> Outcome
    {
        let token = try input().exclusionToken(relation, typed, core.parts.requireVault())
        return try await core.run(
            Exclude(id: id, line: Exclusion(relation: relation, token: token)), by: caller, key: key)
    }

    /// Adds whoever an entry of the directory is of to the private list of the one who reads it.
    ///
    /// - Throws: `Refusal.notFound` for an entry that this person is not shown.
    public func exclude(by id: PersonID, relation: Exclusion.Relation, listing mark: String, key: String?) async throws
        -> Outcome
    {
        let found = try await directory(.person(id)).listings.first { !$0.mark.isEmpty && $0.mark == mark }
        guard let found, caller == .operator || caller.person == id else { throw Refusal.notFound }
        let token = try core.parts.requireVault().indexToken("exclude/person", "\(found.owner)")
        return try await core.run(
            Exclude(id: id, line: Exclusion(relation: relation, token: token)), by: caller, key: key)
    }

    /// The people whom somebody keeps away, by what they said when they ended, took back or said no.
    public func keptAway(of person: PersonID) async throws -> [KeptAway] {
        try read(as: .oneself(person)) { snapshot in
            if caller != .operator { try snapshot.requireConfirmed(person) }
            return try KeptAwayList(snapshot).lines(of: person)
        }
    }

    /// Lifts what somebody said of another: the two may be brought together again.
    public func letAgain(_ token: String, by person: PersonID, key: String?) async throws -> Outcome {
        try await core.run(LetAgain(person: person, token: token), by: caller, key: key)
    }

    /// Says where a person works.
    public func setEmployer(of id: PersonID, typed: String, key: String?) async throws -> Outcome {
        let token = try input().exclusionToken(.employer, typed, core.parts.requireVault())
        return try await core.run(SetEmployer(id: id, token: token), by: caller, key: key)
    }

    /// Changes contract or coordinator.
    public func change(
        _ id: PersonID, isUnderContract: Bool? = nil, coordinator: PersonID? = nil, key: String?
    ) async throws -> Outcome {
        try await core.run(
            ChangePerson(id: id, isUnderContract: isUnderContract, coordinator: coordinator), by: caller, key: key)
    }

    /// Hands everybody of one coordinator to another.
    public func reassign(from old: PersonID, to new: PersonID, key: String?) async throws -> Outcome {
        try await core.run(Reassign(old: old, new: new), by: caller, key: key)
    }

    /// The parts of an attestation that cannot be, or count for nothing in this role.
    public func problems(of change: AttestationChange, as role: Role) throws -> [FieldProblem] {
        try current().policy.problems(of: change, as: role)
    }

    /// Enrolls somebody in a role, or attests anew what is named.
    ///
    /// - Throws: `FieldProblem` for what counts for nothing here.
    public func enroll(
        _ id: PersonID, as role: Role = .mentor, _ change: AttestationChange, by staff: PersonID?, key: String?
    ) async throws -> Outcome {
        try await core.run(Enroll(id, as: role, change, by: staff), by: caller, key: key)
    }

    /// A number in E.164, as it is found by; nil for a text that is none.
    public func number(_ typed: String) throws -> String? { try? input().phone(sought: typed) }

    /// Enrolls somebody in a role on a whole attestation: what is not in it does not hold.
    public func enroll(
        _ id: PersonID, as role: Role = .mentor, attestation: Attestation, capacity: Int, by staff: PersonID?,
        key: String?
    ) async throws -> Outcome {
        try await enroll(
            id, as: role, AttestationChange(whole: attestation, capacity: capacity), by: staff, key: key)
    }

    /// A person signs the agreements of a role.
    ///
    /// - Parameter paper: the sheet that was signed by hand, where the actor comes by paper.
    public func acknowledge(
        _ actor: Actor, as role: Role = .mentor, display: String?, paper: Paper? = nil, key: String?
    ) async throws -> Outcome {
        try checkPhotograph(paper)
        return try await core.run(
            Acknowledge(actor, as: role, display: display, paper: paper, under: current().policy), by: caller, key: key)
    }

    /// A person takes back what they signed for a role: the name that they gave comes off every form that is not signed
    /// yet. Through their coordinator, by whichever channel they say it.
    ///
    /// - Throws: `Refusal.notFound` in a directory, and for somebody who has no part in this role.
    public func takeBackAgreements(_ actor: Actor, as role: Role = .mentor, key: String?) async throws -> Outcome {
        try await core.run(TakeBackAgreements(actor, as: role), by: caller, key: key)
    }

    /// A person asks to be a mentor, and states that they are what the program asks of one.
    ///
    /// - Throws: `Refusal.notFound` where no application is taken; `FieldProblem` for what is not asked, and where what
    ///   is stated is not enough.
    public func applyAsMentor(_ person: PersonID, _ stated: Attestation, capacity: Int, key: String?) async throws
        -> Outcome
    {
        try await core.run(ApplyAsMentor(person: person, stated: stated, capacity: capacity), by: caller, key: key)
    }

    /// Takes an application back, by whoever made it, or answers it with “not now”, by their coordinator.
    public func answerApplication(of person: PersonID, by staff: PersonID?, key: String?) async throws -> Outcome {
        try await core.run(AnswerApplication(person: person, staff: staff), by: caller, key: key)
    }

    /// A person's own application; nil where there is none.
    public func application(of person: PersonID) async throws -> MentorApplication? {
        try read(as: .oneself(person, orCoordinatorOf: person)) {
            try $0.applications.first { $0.person == person }
        }
    }

    /// True if a person may ask to be a mentor here.
    public func mayApplyAsMentor(_ person: PersonID) async throws -> Bool {
        try read(as: .oneself(person)) { try $0.mayApply(person) }
    }

    /// The applications that wait for this coordinator, the oldest first, each with the person's full name.
    public func applications(for staff: PersonID) async throws -> [(application: MentorApplication, name: String)] {
        try read(as: .coordinator(staff)) { snapshot in
            try snapshot.applications.filter {
                try $0.refusedOn == nil && snapshot.people.coordinator(of: $0.person) == staff
            }
            .map { ($0, try snapshot.people.identity($0.person)?.fullName ?? "") }
        }
    }

    /// Sets a mentor's answers for matching.
    public func setAnswers(of id: PersonID, _ answers: Answers, key: String?) async throws -> Outcome {
        try await core.run(SetAnswers(id, answers, under: current().policy), by: caller, key: key)
    }

    /// A mentor's own switches.
    public func setAvailability(
        of id: PersonID, as role: Role = .mentor, isReady: Bool? = nil, isPaused: Bool? = nil, capacity: Int? = nil,
        key: String?
    ) async throws -> Outcome {
        try SetAvailability.check(capacity: capacity)
        return try await core.run(
            SetAvailability(id: id, role: role, isReady: isReady, isPaused: isPaused, capacity: capacity), by: caller,
            key: key)
    }

    /// Suspends a person, or records that they have died: every card that they can read or that is about them closes.
    ///
    /// - Throws: `Refusal.notFound` unless `staff` is a coordinator or an administrator, the caller, and somebody else.
    public func suspend(_ person: PersonID, _ cause: Identity.Suspension.Cause, by staff: PersonID, key: String?)
        async throws -> Outcome
    {
        try await core.run(Suspend(person: person, cause: cause, staff: staff), by: caller, key: key)
    }

    /// The one person taking part who is known by this whole name and number: for whoever may suspend them.
    ///
    /// - Throws: `Refusal.notFound` unless exactly one is.
    public func takingPart(fullName: String, phone: String, by staff: PersonID) async throws -> PersonID {
        let number = try input().phone(sought: phone)
        return try read(as: Admission { try $0.isSelf(staff) && ($0.holds(.coordinator) || $0.holds(.administrator)) })
        {
            snapshot in
            let found = try snapshot.people.find(phone: number, name: fullName).filter {
                try snapshot.people.identity($0)?.roles.contains { !$0.isStaff } == true
            }
            guard found.count == 1, let person = found.first, person != staff else { throw Refusal.notFound }
            return person
        }
    }

    /// Asks that somebody who is suspended takes part again, which a second member of staff has to confirm; where the
    /// program has nobody, it is done.
    public func askToLift(_ person: PersonID, by staff: PersonID, key: String?) async throws -> Outcome {
        try await core.run(AskToLift(person: person, staff: staff), by: caller, key: key)
    }

    /// Asks that the last end that staff recorded in this case is marked as recorded in error, which a second member of
    /// staff has to confirm.
    ///
    /// - Throws: `Refusal.notFound` unless `staff` is the person's coordinator, and where there is nothing to mark.
    public func askRecordedInError(of opener: PersonID, workflow: String, by staff: PersonID, key: String?) async throws
        -> Outcome
    {
        try await core.run(
            AskRecordedInError(opener: opener, workflow: workflow, staff: staff), by: caller, key: key)
    }

    /// Confirms or refuses what somebody else asked for.
    ///
    /// - Parameter reached: the way by which the signer of a paper was reached; only for confirming one.
    public func answerSecondHand(
        _ id: String, isConfirmed: Bool, reached: Issue.Reached? = nil, by staff: PersonID, key: String?
    ) async throws -> Outcome {
        try await core.run(
            AnswerSecondHand(id: id, isConfirmed: isConfirmed, staff: staff, reached: reached), by: caller, key: key)
    }

    /// Asks for something that is done with the accounts of staff: done at once where a program has no second hand, but
    /// for a link, which is made by ``Accounts/makeLink(for:purpose:confirming:by:)``.
    ///
    /// - Throws: `Refusal.notFound` to whoever is no administrator, and for what there is nothing to do about.
    public func ask(
        _ kind: PendingAct.Kind, of person: PersonID, to other: PersonID? = nil, by staff: PersonID, key: String?
    ) async throws -> Outcome {
        try await core.run(
            AskOfStaff(kind: kind, person: person, other: other, staff: staff), by: caller, key: key)
    }

    /// A paper that a colleague filed, with what it signs.
    ///
    /// - Throws: `Refusal.notFound` for what does not wait, for whoever filed it, and for whoever may not confirm.
    public func paper(toConfirm id: String, by staff: PersonID) async throws -> PaperToConfirm {
        try read(as: .confirming(staff)) { try PapersToConfirm($0).paper(id, for: staff) }
    }

    /// The scan of such a paper.
    ///
    /// - Parameter asJPEG: shows a photograph that browsers do not show as one that they do.
    /// - Throws: as ``paper(toConfirm:by:)``.
    public func scan(toConfirm id: String, asJPEG: Bool, by staff: PersonID) async throws -> Scan {
        try shown(read(as: .confirming(staff)) { try PapersToConfirm($0).scan(id, for: staff) }, asJPEG: asJPEG)
    }

    /// The acts that wait for a second hand, each with the full name of the person it is about: for those who may
    /// confirm. Empty for other staff, and where the program has no second hand.
    ///
    /// - Throws: `Refusal.notFound` for everybody who is no staff.
    public func pendingActs() async throws -> [(act: PendingAct, name: String, other: String?)] {
        try read(as: Admission { try $0.holdsAnyOfStaff }) { snapshot in
            let (permit, policy) = (snapshot.permit(caller), snapshot.current.policy)
            return try snapshot.pendingActs.filter { try permit.confirms($0.kind, under: policy) }.map {
                (
                    $0, try snapshot.people.identity($0.person)?.fullName ?? "",
                    try $0.other.flatMap { try snapshot.people.identity($0)?.fullName }
                )
            }
        }
    }

    /// The details of the entries that an act would make one, the one that is kept last; empty for other acts.
    ///
    /// - Throws: `Refusal.notFound` for whoever may not confirm it.
    public func entries(of act: PendingAct) async throws -> [Identity] {
        try read(as: Admission { try $0.holds(.coordinator) || $0.holds(.administrator) }) { snapshot in
            guard try snapshot.permit(caller).confirms(under: snapshot.current.policy),
                try snapshot.pendingActs.contains(act), let other = act.other
            else { return [] }
            return try [act.person, other].compactMap { try snapshot.people.identity($0) }
        }
    }

    /// Names who stands in for a coordinator when the release of something signed is late; nil for nobody.
    ///
    /// - Throws: `Refusal.notFound` unless both are coordinators, and two.
    public func setCover(of coordinator: PersonID, to cover: PersonID?, until day: CivilDate, key: String?) async throws
        -> Outcome
    {
        try await core.run(SetCover(coordinator: coordinator, cover: cover, until: day), by: caller, key: key)
    }

    /// The full name of the one who stands in for a coordinator today: for that coordinator.
    public func cover(of coordinator: PersonID) async throws -> String? {
        try read(as: .coordinator(coordinator)) { snapshot in
            try snapshot.cover(of: coordinator).flatMap { try snapshot.people.identity($0)?.fullName }
        }
    }

    /// The signed releases that are late by two working days or more, as the handles of their coordinators' lines: for
    /// administrators, who learn nothing else of a case.
    public func lateReleases() async throws -> [CaseHandle] {
        try read(as: .holding(.administrator)) { snapshot in
            try snapshot.rows.casesDue(before: snapshot.today.adding(days: 1)).compactMap { row in
                // One damaged case must not keep anybody from the others.
                guard let loaded = try? snapshot.cases.load(row) else {
                    return nil
                }
                guard let duty = ReleaseDuty(loaded), snapshot.today >= duty.lateFrom else { return nil }
                return try snapshot.rows.parties(of: row.id).first { $0.isStaff }?.handle
            }
        }
    }

    /// The scan of a release that was signed on paper: for the signer, and for the signer's coordinator.
    ///
    /// - Parameter asJPEG: shows a photograph that browsers do not show as one that they do; the original is kept.
    /// - Throws: `Refusal.notFound` where there is none, or for anybody else.
    public func scan(of release: ReleaseID, signedBy person: PersonID, asJPEG: Bool) async throws -> Scan {
        let scan = try read(as: .oneself(person, orCoordinatorOf: person)) { snapshot in
            try ReleaseCopies(snapshot, hashes: core.sequencer.hashes).scan(of: release, for: person)
        }
        return try shown(scan, asJPEG: asJPEG)
    }

    private func shown(_ scan: Scan, asJPEG: Bool) throws -> Scan {
        guard asJPEG, scan.kind == .heic, let photographs = core.parts.photographs else { return scan }
        return try Scan(parsing: photographs.jpeg(ofHEIC: scan.bytes))
    }

    /// Erases a person.
    public func erase(_ id: PersonID, key: String?) async throws -> Outcome {
        try await core.run(Erase(id: id), by: caller, key: key)
    }

    /// Finds people by phone number or name: the operator everybody, a coordinator themselves and their own people.
    public func find(phone: String? = nil, name: String? = nil) async throws -> [PersonID] {
        let number = try phone.map { try input().phone(sought: $0) }
        return try read(as: .holding(.coordinator)) { snapshot in
            let permit = snapshot.permit(caller)
            return try snapshot.people.find(phone: number, name: name).filter {
                try permit.isSelf($0) || permit.coordinates($0)
            }
        }
    }

    /// True once the program is being wound down: for the operator.
    public func isEnding() async throws -> Bool { try read(as: .operator) { try $0.isEnding } }

    /// True if nothing of this person is open, so that they can be erased: for the operator.
    public func isErasable(_ id: PersonID) async throws -> Bool {
        try read(as: .operator) { snapshot in
            do {
                _ = try snapshot.whatErases(id)
                return true
            } catch Refusal.stillOpen {
                return false
            }
        }
    }

    /// Closes every case that somebody began, because the program ends, and tells them so; nothing new begins from then
    /// on.
    ///
    /// - Throws: `Refusal.notFound` for whoever takes no part.
    public func closeForGood(_ id: PersonID, key: String?) async throws -> Outcome {
        try await core.run(CloseForGood(person: id), by: caller, key: key)
    }

    /// A person's own record, or nil if there is none or it is erased: for themselves and their coordinator; that of
    /// staff for administrators too.
    public func identity(of id: PersonID) async throws -> Identity? {
        try read { snapshot in
            let permit = snapshot.permit(caller)
            let identity = try snapshot.people.identity(id)
            let isStaff = identity?.isStaff == true
            guard try permit.isSelf(id) || permit.coordinates(id) || (isStaff && permit.holds(.administrator)) else {
                return nil
            }
            return identity
        }
    }

    /// Everybody's id, for the operator.
    public func people() async throws -> [PersonID] {
        try read(as: .operator) { try $0.rows.people().map(\.id).sorted() }
    }

    /// A person's enrollment in a role, for themselves and for who attests it.
    public func enrollment(of id: PersonID, as role: Role) async throws -> Enrollment? {
        try read(as: .oneself(id, orCoordinatorOf: id)) { try $0.people.enrollment(id, as: role) }
    }

    /// True if this person has signed what binds a role, as the policy in force words it.
    public func hasSigned(_ id: PersonID, as role: Role) async throws -> Bool {
        try read(as: .oneself(id, orCoordinatorOf: id)) {
            try $0.people.hasSigned(id, as: role, under: $0.current.policy)
        }
    }

    /// A code that stands inside the sample document, other for everybody: who can type it back can read what the
    /// service shows.
    public func sampleCode(for person: PersonID) async throws -> String {
        guard caller == .operator || caller.person == person else { throw Refusal.notFound }
        return RescindCode.format(try core.parts.requireVault().commandDigest("sample", person.description), count: 5)
    }

    // MARK: Matching

    /// The best mentors for one person, for their coordinator.
    public func shortlist(of opener: PersonID, workflow: String, by staff: PersonID, count: Int = 10) async throws
        -> Shortlist
    {
        let solve = try read(as: .coordinator(staff)) {
            try Matchmaker($0).shortlist(of: opener, workflow: workflow, for: staff, count: count)
        }
        return try solve()
    }

    /// The same, with the mentors' full names.
    public func namedShortlist(
        of opener: PersonID, workflow: String, by staff: PersonID, count: Int = 10
    ) async throws -> [(candidate: Candidate, name: String)] {
        let list = try await shortlist(of: opener, workflow: workflow, by: staff, count: count)
        return try read(as: .coordinator(staff)) { snapshot in
            try list.candidates.map { ($0, try snapshot.people.identity($0.mentor)?.fullName ?? "") }
        }
    }

    /// Every rule that keeps a mentor from this person.
    public func barriers(of opener: PersonID, workflow: String, mentor: PersonID, by staff: PersonID) async throws
        -> Set<Barrier>
    {
        let solve = try read(as: .coordinator(staff)) {
            try Matchmaker($0).barriers(of: opener, workflow: workflow, mentor: mentor, for: staff)
        }
        return try solve()
    }

    /// Draws the seed of the next cohort and commits to it: equals are decided by it, and nobody can choose it once the
    /// answers are known.
    ///
    /// - Returns: the SHA-256 of the seed, in hexadecimal, to be made public before the answers are in.
    public func commitDraw() async throws -> String {
        guard caller == .operator else { throw Refusal.notFound }
        let seed = try RandomBytes.generate(count: 32)
        try await core.keep { tx in
            try Matchmaker(tx.snapshot).requirePairs()
            tx.rows.setSetting("draw", try tx.vault.seal(seed, fixed: "draw"))
        }
        return Hex.format(SHA256.hash(seed))
    }

    /// Solves the cohort of everybody of this coordinator who waits. Nothing is proposed yet: a plan is an advice. The
    /// draw is used up; the next cohort needs one of its own.
    public func planCohort(workflow: String, by staff: PersonID) async throws -> CohortPlan {
        let (solve, draw) = try read(as: .coordinator(staff)) {
            (try Matchmaker($0).plan(workflow: workflow, of: staff), try $0.rows.setting("draw"))
        }
        let plan = try solve()
        try await core.keep { tx in
            // Between the two somebody else may have used it up, or drawn anew.
            guard try tx.rows.setting("draw") == draw else {
                throw FieldProblem(field: "draw", expected: "a committed draw that no other plan has used")
            }
            tx.rows.setSetting("draw", [])
        }
        return plan
    }

    /// The reason why not everybody who waits can be matched; nil where everybody can.
    public func cohortProblem(workflow: String, by staff: PersonID) async throws -> MatchingProblem? {
        let solve = try read(as: .coordinator(staff)) { try Matchmaker($0).problem(workflow: workflow, of: staff) }
        return try solve()
    }

    /// For each question that is matched on, the number of matches that change when nobody is asked it. The people are
    /// those who wait now.
    public func ablation(workflow: String, by staff: PersonID) async throws -> [Ablation] {
        let solve = try read(as: .coordinator(staff)) { try Matchmaker($0).ablation(workflow: workflow, of: staff) }
        return try solve()
    }

    /// The counts that a program may make of itself, as of the first day of this quarter.
    ///
    /// - Units: `pairCount` is pairs, rounded down to tens. `timeToMatch` is the median in days, rounded down to whole
    ///   weeks. Nil where fewer pairs were matched than the smallest cell.
    /// - Throws: `Refusal.notFound` where the policy counts nothing, and unless the caller is an administrator.
    public func aggregates() async throws -> [Policy.Aggregate: Int?] {
        try read(as: .holding(.administrator)) { try Matchmaker($0).aggregates() }
    }

    // MARK: Evaluation

    /// Makes the batch of codes of this interval.
    public func openEvaluation() async throws -> EvaluationBatch { try await Evaluations(core).open(by: caller) }

    /// Takes one set of answers under a code, once: whoever holds it.
    public func answerEvaluation(code: String, _ answers: [EvaluationItem: EvaluationAnswer]) async throws {
        try await Evaluations(core).answer(code: code, answers)
    }

    /// The results of an interval, once it is over.
    public func evaluationResults(period: Int) async throws -> [EvaluationResult] {
        try Evaluations(core).results(period: period, by: caller)
    }

    /// The codes of an interval: how many were issued, redeemed and are unused. Auditors and administrators may ask.
    ///
    /// - Units: `period` counts intervals from 1.
    /// - Throws: `Refusal.notFound` for an interval whose codes were never made, and to everybody else.
    public func evaluationCount(period: Int) async throws -> EvaluationCount {
        try Evaluations(core).count(period: period, by: caller)
    }

    // MARK: Policy and keys

    /// The policy that new cases begin under.
    public var policy: LoadedPolicy { get throws { try current() } }
    /// The versions of this program's policy, the first first, with those that are announced.
    public var policyVersions: [LoadedPolicy] { core.latest.value.policies.all }
    /// Takes up a new version of the policy.
    public func adopt(policy canonical: [UInt8], key: String?) async throws -> Outcome {
        let act = try AdoptPolicy(
            canonical, core.parts.parsePolicy(canonical), after: core.latest.value.policies,
            on: core.reader.moment().date)
        return try await core.run(act, by: caller, key: key)
    }

    /// Puts a new record or log key into force. Its outcome's one record is the statement.
    public func rotate(_ role: KeyHistory.Role, to signer: NoteSigner) async throws -> Outcome {
        try await core.run(StateKey(role, signer, .rotation, keyHistory), by: caller, key: nil)
    }

    /// Prepares a revocation, for the recovery key to sign where it is kept.
    public func revocation(_ role: KeyHistory.Role, from: Int?, replacement signer: NoteSigner) async throws
        -> Revocation
    {
        try read(as: .operator) { snapshot in
            let size = try snapshot.rows.logSize()
            let prepared = try Revocation.prepare(
                role, from: from, replacement: signer, history: keyHistory, size: size, on: snapshot.today,
                origin: core.parts.origin)
            guard let prepared else {
                let last = Revocation.last(role, size: size)
                throw FieldProblem(field: "from", expected: "a whole number from 0 to \(last)")
            }
            return prepared
        }
    }

    /// Takes up a revocation that the recovery key has signed.
    public func revoke(_ role: KeyHistory.Role, _ statements: Revocation, signer: NoteSigner) async throws -> Outcome {
        let (history, origin) = (keyHistory, core.parts.origin)
        let size = try read(as: .operator) { try $0.rows.logSize() }
        func problem(_ what: String) -> FieldProblem {
            FieldProblem(
                field: what, expected: "the statement for the log as it is now, signed as it must be: prepare it again")
        }
        guard statements.isRevocation(of: role, history, size: size, origin: origin) else {
            throw problem("revocation")
        }
        guard statements.isReplacement(by: signer.key, role, history, size: size, origin: origin) else {
            throw problem("replacement")
        }
        return try await core.run(
            StateKey(role, signer, .revocation(statements, at: size), history), by: caller, key: nil)
    }

    // MARK: The log

    /// The keys, as the log itself states them.
    public var keyHistory: KeyHistory { core.latest.value.published.keys }
    /// The number of records that the last signed head covers.
    public var logSize: Int { checkpoint.size }
    public var checkpoint: Checkpoint { core.latest.value.published.checkpoint }
    /// The reason why nothing is signed; nil while signing works.
    public var stopped: String? { core.latest.value.published.stopped }
    /// The last signed head.
    public func signedHead() async throws -> [UInt8]? {
        try read(as: .holding(.auditor)) { $0.inForce.published.head?.note }
    }

    /// One record with its proof.
    public func entry(_ index: Int) async throws -> Receipt {
        try read(as: .holding(.auditor)) { try log($0).entry(index) }
    }

    /// Records in log order, from `index` on.
    public func entries(from index: Int, count: Int) async throws -> [(index: Int, note: [UInt8])] {
        try read(as: .holding(.auditor)) { try log($0).entries(from: index, count: count) }
    }

    /// Everything that a witness needs to cosign the last head.
    public func witnessRequest(from size: Int) async throws -> String {
        try read(as: .holding(.auditor)) { try log($0).witnessRequest(from: size) }
    }

    /// Keeps a head that an auditor has cosigned; returns how many records it covers.
    public func keepCosigned(_ note: [UInt8]) async throws -> Int {
        let size = try read(as: .holding(.auditor)) { try log($0).cosigned(note) }
        try await core.keep { $0.rows.setSetting("cosigned", note) }
        return size
    }

    /// The last cosigned head that was handed in.
    public func cosignedHead() async throws -> (size: Int, names: [String])? {
        try read(as: .holding(.auditor)) { try log($0).cosignedHead() }
    }

    private func log(_ snapshot: Snapshot) -> LogReading { LogReading(snapshot, hashes: core.sequencer.hashes) }
    /// Audits the database, and compares what it holds of each case with what the log says of its releases.
    public func audit(cosigned: [Checkpoint] = []) async throws -> AuditReport {
        let parts = core.parts
        var audit = try readStore(parts.store, heads: parts.heads, origin: parts.origin, cosigned: cosigned)
        try read(as: .operator) { try log($0).audit(&audit) }
        return audit.finish()
    }

    // MARK: Operating

    /// The operator journal, opened.
    public func journal() async throws -> [JournalLine] { try read(as: .holding(.administrator)) { try $0.journal() } }

    /// Messages that wait to go out, opened.
    public func outbox() async throws -> [Message] { try read(as: .operator) { try $0.messages() } }

    /// An instant as people read it, in the program's time zone.
    public func localTime(_ instantMilliseconds: Int64) async throws -> String {
        try read { $0.localTime(instantMilliseconds) }
    }

    /// The local date now, as commands get it.
    public func today() async throws -> CivilDate { try core.reader.moment().date }
}
