import ReleaseWorkflow

extension Attestation {
    /// As much of it as counts for anything under a policy: nothing else may be attested.
    func counted(under policy: Policy, as role: Role) -> Attestation {
        var counted = self
        counted.attributes.formIntersection(policy.countedConditions(as: role))
        for day in AttestationChange.Day.allCases where !policy.countedDays(as: role).contains(day) {
            counted[day] = nil
        }
        return counted
    }
}

/// Small papers of every kind, as scanners and telephones make them.
enum Papers {
    /// A PDF of one empty page with a line of text beside it.
    static func pdf(_ text: String) -> [UInt8] {
        Array(
            """
            %PDF-1.4
            % \(text)
            1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
            2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
            3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>> endobj
            trailer <</Root 1 0 R>>
            startxref
            0
            %%EOF

            """.utf8)
    }
}
