/// What an auditor is given besides the log: a shell script, a Go program, and the page that says how to use them.
///
/// The files are those of this folder, byte for byte, so that their digests can stand on paper.
public enum AuditorKit {
    /// Paths within an export, with their bytes.
    public static let files: [(path: String, bytes: [UInt8])] = [
        ("README.md", PackageResources.README_md), ("kit/verify.go", PackageResources.verify_go),
        ("kit/verify.sh", PackageResources.verify_sh),
    ]
}
