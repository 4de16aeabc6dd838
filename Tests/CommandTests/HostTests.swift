import Foundation
import PolicyFile
import Testing

@testable import privity

/// A host's configuration, a mistyped setting or another editor, and the program that meets them.
@Suite("Hosts and settings")
struct HostTests {
    /// Contents that `openssl.cnf` may have on somebody's machine.
    static let configurations = [
        "asks for FIPS": """
        openssl_conf = openssl_init
        [openssl_init]
        providers = provider_sect
        alg_section = alg_sect
        [provider_sect]
        default = default_sect
        base = base_sect
        [default_sect]
        activate = 1
        [base_sect]
        activate = 1
        [alg_sect]
        default_properties = fips=yes
        """,
        "has no default provider": """
        openssl_conf = openssl_init
        [openssl_init]
        providers = provider_sect
        [provider_sect]
        base = base_sect
        [base_sect]
        activate = 1
        """,
        "loads a provider that is not there": """
        openssl_conf = openssl_init
        [openssl_init]
        providers = provider_sect
        [provider_sect]
        nowhere = nowhere_sect
        [nowhere_sect]
        module = /nowhere/none.so
        activate = 1
        """,
        "is not one": "[[[",
    ]

    @Test(
        "openssl.1: a host's OpenSSL configuration is not read: keys are made, records signed, codes taken and logs verified whatever it says",
        arguments: configurations.keys.sorted())
    func hostConfiguration(_ name: String) throws {
        let place = try Workplace()
        let file = try place.write("openssl.cnf", #require(Self.configurations[name]) + "\n")
        let environment = ["OPENSSL_CONF": file]
        let begun = try Tool.run(
            "init", place.data, "--policy", "Policies/mphp.yaml", "--example", "--clock", "2026-01-05T08:00",
            environment: environment)
        #expect(begun.status == 0, "\(begun.errors)")
        let script = try place.write("story.jsonl", Workplace.introduced)
        let run = try Tool.run("apply", place.data, script, "--codes", environment: environment)
        #expect(run.status == 0, "\(run.errors)")
        let code = try #require(run.out.firstMatch(of: /rescind-only code ([A-Z0-9-]+)/)).output.1
        let rescinded = try Tool.run("release", "rescind", place.data, "--code", String(code), environment: environment)
        #expect(rescinded.status == 0, "\(rescinded.errors)")
        #expect(try Tool.run("audit", "verify", place.data, environment: environment).status == 0)
    }

    // MARK: Settings

    private func example() throws -> (place: Workplace, settings: String) {
        let place = try Workplace()
        try place.example()
        return (place, try String(contentsOfFile: place.data + "/privity.yaml", encoding: .utf8))
    }

    /// Each line that somebody may write, what is told of it, and the name that it is told by.
    static let mistyped: [(String, String, String)] = [
        ("sendmial: /usr/sbin/sendmail -t -i", "`sendmial`", "did you mean `sendmail`"),
        ("Port: 8080", "`Port`", "did you mean `port`"), ("prot: 8080", "`prot`", "did you mean `port`"),
        ("metrics-port: 9000", "`metrics-port`", "did you mean `metricsPort`"),
        ("passphrase_file: x", "`passphrase_file`", "did you mean `passphraseFile`"),
        ("password: x", "`password`", "unknown"),
        ("port: \"18111\"", "`port`", "found the text `18111` in quotation marks"),
        ("port: x", "`port`", "expected a whole number from 0 to 65535"), ("port: 70000", "`port`", "`70000`"),
        ("port: -1", "`port`", "`-1`"), ("port: 80.5", "`port`", "`80.5`"), ("port:", "`port`", "found nothing"),
        ("port: [80]", "`port`", "found a list"), ("metricsPort: 0", "`metricsPort`", "`0`"),
        ("service: 12", "`service`", "a number"), ("service: {a: b}", "`service`", "found a list or a mapping"),
        ("service: ~", "`service`", "found nothing"), ("url: no", "`url`", "`no`"),
        ("url: consent.example.org", "`url`", "https://consent.example.org"),
        ("url: https://consent.example.org/", "`url`", "without a slash"),
        ("url: ftp://consent.example.org", "`url`", "https://"),
        ("from: nobody", "`from`", "`nobody`"), ("from: a@b@c", "`from`", "an address"),
        ("from: \"Care <a@b.org\"", "`from`", "an address"), ("from: care@example.org", "`sendmail`", "beside `from`"),
        ("sendmail: /nowhere/sendmail -t", "`sendmail`", "/usr/sbin/sendmail"),
        ("certificate: chain.pem", "`certificate`", "both or neither"),
        ("backupFolder: \"\"", "`backupFolder`", "nothing"),
        ("address: 0.0.0.0", "`address`", "loopback"), ("port: 1\nport: 2", "`port`", "twice"),
        ("origin: other.example.org/x", "`origin`", "twice"), ("a line", "privity.yaml", "not YAML"),
    ]

    @Test(
        "settings.1: a setting that is unknown or mistyped stops the start with its name, what was found and what is expected",
        arguments: mistyped)
    func settings(line: String, name: String, words: String) throws {
        let (place, settings) = try example()
        _ = try place.write("data/privity.yaml", settings + line + "\n")
        let run = try Tool.run("serve", place.data, "--port", "0")
        #expect(run.status == 2, "\(run.status) \(run.errors)")
        #expect(run.errors.contains(name) && run.errors.contains(words), "\(run.errors)")
    }

    @Test("all mistyped settings are told at once, with their lines; what the environment says is looked at alike")
    func together() throws {
        let (place, settings) = try example()
        _ = try place.write("data/privity.yaml", settings + "prot: 80\nservice: [a]\n")
        let run = try Tool.run(
            "serve", place.data, environment: ["PRIVITY_PROT": "80", "PRIVITY_PORT": "tcp://10.0.0.1:80"])
        #expect(run.status == 2)
        let lines = run.errors.split(separator: "\n")
        #expect(lines.count == 4, "\(run.errors)")
        #expect(lines[0].contains("line 4: `prot`") && lines[1].contains("line 5: `service`"))
        #expect(lines[2].contains("`PRIVITY_PORT`: found `tcp://10.0.0.1:80`"))
        #expect(lines[3].contains("`PRIVITY_PROT`: unknown: did you mean `PRIVITY_PORT`?"))
    }

    @Test("settings of another editor are read as they are meant: CRLF, a byte order mark, comments, quotation marks")
    func editors() throws {
        let (place, settings) = try example()
        let text =
            "\u{FEFF}" + (settings + "# a comment\nservice: 'Care'\n").replacingOccurrences(of: "\n", with: "\r\n")
        _ = try place.write("data/privity.yaml", text)
        #expect(try Tool.run("person", "find", place.data, "--name", "Nobody").status == 1)
    }

    @Test(
        "settings.2: `from` takes a name before the address, in any script; the header stays printable ASCII",
        arguments: [
            ("Care Team <care@example.org>", "\"Care Team\" <care@example.org>"),
            ("\"Care, Team\" <care@example.org>", "\"Care, Team\" <care@example.org>"),
            ("care@example.org", "care@example.org"), ("<care@example.org>", "care@example.org"),
            ("Équipe de soins <care@example.org>", "=?UTF-8?B?w4lxdWlwZSBkZSBzb2lucw==?= <care@example.org>"),
        ])
    func sender(_ typed: String, header: String) throws {
        let sender = try #require(MailSender(parsing: typed))
        #expect(sender.header == header && sender.host == "example.org")
        #expect(sender.header.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
    }

    @Test("a long name in another script is folded into encoded words of at most 75 characters, each of whole letters")
    func longSender() throws {
        let sender = try #require(MailSender(parsing: "\(String(repeating: "支援チーム", count: 8)) <care@example.org>"))
        let words = sender.header.split(separator: " ").dropLast()
        #expect(words.count > 1 && words.allSatisfy { $0.count <= 75 })
        let text = try words.map { word -> String in
            let inner = word.dropFirst("=?UTF-8?B?".count).dropLast(2)
            return String(decoding: try #require(Data(base64Encoded: String(inner))), as: UTF8.self)
        }.joined()
        #expect(text == sender.name)
    }

    @Test(
        "what is no sender is none",
        arguments: [
            "", "care", "care@", "@example.org", "a@b@c", "Care <care@example.org", "Care <care@example.org> x",
            "Care\nBcc: x@y.org <care@example.org>", "a b@example.org", "Care <x> <care@example.org>", "care@.org",
        ])
    func noSender(_ typed: String) { #expect(MailSender(parsing: typed) == nil) }

    // MARK: Policies

    @Test(
        "policy.1: a policy with CRLF, lone returns or a byte order mark is the same policy, to the byte of its canonical form"
    )
    func lineEnds() throws {
        let text = try String(contentsOfFile: repository.path + "/Policies/mphp.yaml", encoding: .utf8)
        let canonical = try PolicyFile.parse(text).canonical
        for changed in [
            text.replacingOccurrences(of: "\n", with: "\r\n"), text.replacingOccurrences(of: "\n", with: "\r"),
            "\u{FEFF}" + text,
        ] { #expect(try PolicyFile.parse(changed).canonical == canonical) }
        #expect(throws: PolicyFile.Problems.self) { try PolicyFile.parse(text + "\u{07}") }
    }

    @Test(
        "policy.2: a region that nobody dials from is refused where it stands, and the one that is meant is named",
        arguments: [
            ("UK", "`GB` is meant"), ("us", "`US` is meant"), ("USA", "`US` is meant"), ("XX", "two capitals"),
            ("EN", "`GB` is meant"), ("Texas", "two capitals"),
        ])
    func region(_ typed: String, words: String) throws {
        let text = try String(contentsOfFile: repository.path + "/Policies/mphp.yaml", encoding: .utf8)
        #expect(text.contains("\nregion: US\n"))
        let problems = #expect(throws: PolicyFile.Problems.self) {
            try PolicyFile.parse(text.replacingOccurrences(of: "\nregion: US\n", with: "\nregion: \(typed)\n"))
        }
        let problem = try #require(problems?.list.first)
        #expect(problem.path == "region" && problem.expected.contains(words), "\(problem)")
    }
}
