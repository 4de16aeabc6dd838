/// The file that `privity policy new` prints: a small program of pairs that holds as it is, to be changed line by line.
public enum StartingFile {
    /// `NAME` stands for the program's name.
    public static let text = #"""
        # NAME: a mentoring program. Change what you like and run `privity policy check NAME.yaml` after each change: it says
        # what does not hold, with the shortest run that shows it. Every word is explained in docs/policies.md.
        policy: NAME
        version: 1
        effectiveFrom: 2026-01-01
        # clinical: a first name and a telephone number to one person; professional: profile fields; open: the same, for everybody.
        confidentiality: professional
        # coordinator or program: staff have a part; self: nobody has.
        administration: program
        discloser: the NAME mentoring program
        timeZone: America/Chicago
        region: US
        # mode rolling (one at a time), batch (cohorts) or directory (people find each other).
        matching: {by: program, mode: rolling, directory: none, weights: {topics: 5000, field: 5000}}

        eligibility:
          mentee: [member]
          mentor: {all: [member, experienced]}

        # What people sign before they take part. {clauses} stands for what is forbidden, a duty, a disclaimer or what mentoring is not;
        # {nameOnForms} for the permission to name whoever signs it on other people's forms.
        agreements:
          - id: conditions
            for: [mentee, mentor]
            version: 1
            text: |
              We meet with respect, and either of us may stop at any time without saying why.
              {clauses}
              {nameOnForms}

        release:
          signer: discloser
          recipients: {kind: named, max: 1}
          fields: [displayName, contactRoute]
          termMonths: 12
          revocable: anytime
          part2: false
          form:
            version: 1
            text: |
              I, {person}, permit {discloser} to give this information about me: my {information}. Nothing else.
              It may be given to one person only: {recipient}.
              Purpose: {purpose}.
              This permission ends {expiry}.
              {revocation}
              {redisclosure}
              {conditions}
            revocation: I may take this back at any time. From then on nothing more is given.
            revocationBy: [screen]
            redisclosure: What is told once may become known to others.
            conditions: I do not have to sign. Nothing depends on it.

        contact: {first: {by: pair}, cadence: pair, tracking: none}
        duration: {kind: pair}
        training: {required: false}
        goals: optional
        termination: {reason: forbidden}
        reporting: {required: false, freeText: forbidden}
        monitoring: forbidden
        evaluation: {topics: none}
        compensation: none

        is_not:
          supervision: Mentoring is not supervision.

        texts:
          mission: Say in one sentence what the program is for.
          voluntary: It is voluntary, and nobody has to say why they stop.
          emergency: This service watches nothing and nobody. In an emergency call 911.
          rescission: Your permission has ended. What was shown before cannot be untold.

        # Notices may be read over a shoulder: they never name the program or a role.
        notices:
          releaseReady: Something is ready for you to read and decide about.
          declineConfirmed: Done. Nothing was kept.
          cardReady: Something is waiting for you.
          ended: It has ended. Please delete the details you may have.
          rescinded: A permission was taken back. Please delete the details you may have.
          expired: A permission you gave has run out.

        assumptions:
          - Write down here what your own rules leave open, and what you chose.

        workflows:
          mentorship:
            states: [idle, requested, surveyed, offered, signed, introduced, ended]
            initial: idle
            ended: [ended]
            # The state after which staff can do nothing more, or none.
            handoff: none
            opener: mentee
            counterpart: mentor
            discloser: mentee
            recipient: mentor
            card: {subject: mentee, reader: mentor}
            purpose: mentoring
            opens: [disclose]
            # What a match rests on, up to the step that opens the card; readiness and places until the mentor's yes.
            pairing: [openerEligible, agreementsCurrent, notKeptApart, pairEligible, mustsMet, mentorReady, acknowledgementCurrent, capacityLeft]
            transitions:
              - {on: request, by: mentee, via: [screen], from: idle, to: requested, if: [openerEligible, agreementsCurrent], do: [startRound], seenBy: [mentee, coordinator]}
              - {on: completeSurvey, by: mentee, via: [screen], from: requested, to: surveyed, if: [surveyAnswered], seenBy: [mentee, coordinator]}
              - {on: propose, by: coordinator, via: [screen], from: surveyed, to: offered, do: [nameCounterpart], tell: [mentee.releaseReady], seenBy: [mentee, coordinator]}
              - {on: slotUnavailable, by: mentor, via: [screen], from: offered, to: surveyed, do: [clearCounterpart], seenBy: [mentee, coordinator]}
              - {on: decline, by: mentee, via: [screen], from: [requested, surveyed, offered], to: roundStart, do: [forgetRound], tell: [mentee.declineConfirmed]}
              - {on: sign, by: mentee, via: [screen], from: offered, to: signed, if: [releaseComplete], do: [signRelease, makeMatch], seenBy: [mentee, coordinator]}
              - {on: disclose, by: coordinator, via: [screen], from: signed, to: introduced, if: [notRescinded, releaseComplete], do: [openCard, eraseSurvey], tell: [mentor.cardReady], seenBy: [mentee, mentor, coordinator]}
              - {on: end, by: [mentee, mentor], via: [screen], from: [signed, introduced], to: ended, do: [closeCard, closeRelease, eraseSurvey, eraseContact], tell: [mentee.ended, mentor.ended], seenBy: [mentee, mentor, coordinator]}
              - {on: rescind, by: mentee, via: [screen], from: [signed, introduced], to: ended, do: [closeCard, rescindRelease, eraseSurvey, eraseContact], tell: [mentor.rescinded], seenBy: [mentee, mentor, coordinator]}
              - {on: rescind, by: mentee, via: [screen], from: ended, to: same, if: [notRescinded], do: [rescindRelease], seenBy: [mentee, coordinator]}
              - {on: expire, by: clock, via: [clock], from: [signed, introduced], to: ended, if: [releaseExpired], do: [closeCard, expireRelease, eraseSurvey, eraseContact], tell: [mentee.expired, mentor.ended], seenBy: [mentee, mentor, coordinator]}
        """#
}
