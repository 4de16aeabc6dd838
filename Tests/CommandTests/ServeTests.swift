import Foundation
import Testing

/// The service as a process: real sockets, a real browser, a real mail server, real signals.
@Suite("Serve")
struct ServeTests {
    private let scripts = repository.path + "/Tests/ReleaseWebTests/Browser"
    private let python = repository.path + "/.build/peers/bin/python"

    /// Runs a script on a thread of its own: other tests go on meanwhile.
    private func script(_ name: String, _ arguments: String...) async throws -> Run {
        let (program, all) = (python, ["\(scripts)/\(name)"] + arguments)
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try Self.run(program, all) }) }
        }
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> Run {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let (out, errors) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Both are read at once: a full pipe would hold the script up.
        let complained = Reading(errors.fileHandleForReading)
        let printed = out.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus, out: String(decoding: printed, as: UTF8.self), errors: complained.text)
    }

    /// Reads a pipe to its end on a thread of its own.
    private final class Reading: @unchecked Sendable {  // written before `done` is signaled, read after
        private var data = Data()
        private let done = DispatchSemaphore(value: 0)
        init(_ handle: FileHandle) {
            DispatchQueue.global().async { [self] in
                data = handle.readDataToEndOfFile()
                done.signal()
            }
        }
        var text: String {
            done.wait()
            return String(decoding: data, as: UTF8.self)
        }
    }

    private func people(at clock: String? = nil) throws -> Workplace {
        let place = try Workplace()
        let made = try Tool.run(
            ["init", place.data, "--policy", "Policies/mphp.yaml", "--example"] + (clock.map { ["--clock", $0] } ?? []))
        #expect(made.status == 0, "\(made.errors)")
        let lines = try String(
            contentsOf: repository.appendingPathComponent("Policies/examples/service.jsonl"), encoding: .utf8)
        let at = clock.map { "{\"do\":\"wait\",\"at\":\"\($0)\"}\n" } ?? ""
        let applied = try place.apply(at + lines)
        #expect(applied.status == 0, "\(applied.errors)")
        return place
    }

    @Test(
        "the whole case and a peer conversation in a browser, by keyboard alone, at phone and desktop width; axe finds nothing, nothing is loaded from elsewhere, no letter or log line says anything (MPHP-36, MPHP-43, DER-09, DER-21)"
    )
    func walk() async throws {
        let place = try people(at: "2026-01-05T08:00")
        let pictures = ProcessInfo.processInfo.environment["PRIVITY_PICTURES"] ?? place.path + "/pictures"
        let run = try await script("walk.py", Tool.path, place.data, pictures)
        #expect(run.status == 0, "\(run.out.suffix(3000)) \(run.errors.suffix(3000))")
        #expect(run.out.contains("0 findings") && run.out.contains("pages at 2 widths"))
        #expect(try Tool.run("audit", "verify", place.data).out.contains("\nverified\n"))
    }

    @Test(
        "ICB-03, ICB-07, ICB-15, ICB-17, ICB-33, R15, R49: a board's directory in a folder that is no example and in a browser: staff enter somebody, who signs, is found by everybody, is hidden by the box and by a certification that ends, and takes the entry down"
    )
    func board() async throws {
        let place = try Workplace()
        let passphrase = try place.write("secret", "a long enough passphrase\n")
        let made = try Tool.run(
            "init", place.data, "--policy", "Policies/icb.yaml", "--origin", "roi.example.net/icb",
            "--passphrase-file", passphrase)
        #expect(made.status == 0, "\(made.errors)")
        let added = try Tool.run(
            "account", "add", place.data, "--name", "Wren Abbott", "--surname", "Abbott", "--first-name", "Wren",
            "--phone", "312-555-0170", "--mail", "wren@example.org", "--role", "coordinator")
        let link = try #require(added.out.firstMatch(of: /\/set-up\/\S+/)).output
        let pictures = ProcessInfo.processInfo.environment["PRIVITY_PICTURES"] ?? place.path + "/pictures"
        let colleague = try Tool.run(
            "account", "add", place.data, "--name", "Otto Brandt", "--surname", "Brandt", "--first-name", "Otto",
            "--phone", "312-555-0172", "--mail", "otto@example.org", "--role", "administrator")
        let other = try #require(colleague.out.firstMatch(of: /\/set-up\/\S+/)).output
        let run = try await script("board.py", Tool.path, place.data, pictures, String(link), String(other))
        #expect(run.status == 0, "\(run.out.suffix(3000)) \(run.errors.suffix(3000))")
        #expect(run.out.contains("0 findings"))
        #expect(try Tool.run("audit", "verify", place.data).out.contains("\nverified\n"))
    }

    @Test(
        "SGV-01, SGV-05, SGV-15, R53: a program without staff, in a folder that is no example and in a browser: the list of members is brought, its members let themselves in, one is listed, one keeps a supervisor away, the box hides the entry and brings it back"
    )
    func roll() async throws {
        let place = try Workplace()
        let passphrase = try place.write("secret", "a long enough passphrase\n")
        let made = try Tool.run(
            "init", place.data, "--policy", "Policies/sgv-camft.yaml", "--origin", "roi.example.net/sgv",
            "--passphrase-file", passphrase)
        #expect(made.status == 0, "\(made.errors)")
        let added = try Tool.run(
            "account", "add", place.data, "--name", "Pia Brandt", "--surname", "Brandt", "--first-name", "Pia",
            "--phone", "626-555-0100", "--mail", "pia@example.org", "--role", "administrator")
        let link = try #require(added.out.firstMatch(of: /\/set-up\/\S+/)).output
        let pictures = ProcessInfo.processInfo.environment["PRIVITY_PICTURES"] ?? place.path + "/pictures"
        let run = try await script("roll.py", Tool.path, place.data, pictures, String(link))
        #expect(run.status == 0, "\(run.out.suffix(3000)) \(run.errors.suffix(3000))")
        #expect(run.out.contains("0 findings"))
        #expect(try Tool.run("audit", "verify", place.data).out.contains("\nverified\n"))
    }

    @Test(
        "a thousand people with sessions of their own, a stop and two kills by force: nothing acknowledged is lost, nothing is done twice"
    )
    func crowd() async throws {
        let place = try people()
        let run = try await script("crowd.py", Tool.path, place.data, "1000")
        #expect(run.status == 0, "\(run.out.suffix(2000)) \(run.errors.suffix(2000))")
        #expect(run.out.contains("1000 people: 0 refused, 0 acknowledged and missing"))
    }

    @Test("schemathesis finds nothing in the interface, as nobody and in every role")
    func schema() async throws {
        let place = try people()
        let run = try await script("schema.py", Tool.path, place.data, "4")
        #expect(run.status == 0, "\(run.out.suffix(6000)) \(run.errors.suffix(2000))")
        for role in ["nobody", "participant", "mentor", "coordinator", "auditor"] {
            #expect(run.out.contains("as \(role): exit 0"))
        }
    }

    /// A service that has said where it listens; ended with the test.
    private final class Service {
        let process: Process
        let port: Int
        private let out: Pipe
        let errors: Pipe

        init(_ place: Workplace, _ arguments: [String] = []) throws {
            (process, out, errors) = try Tool.start(["serve", place.data, "--port", "0"] + arguments)
            var text = ""
            while !text.contains("\n") {
                let data = out.fileHandleForReading.availableData
                if data.isEmpty { break }
                text += String(decoding: data, as: UTF8.self)
            }
            port = Int(text.prefix { $0 != "\n" }.split(separator: ":").last ?? "") ?? 0
        }

        func stop(_ signal: Int32 = SIGTERM) -> Int32 {
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            return process.terminationStatus
        }

        deinit { if process.isRunning { process.terminate() } }
    }

    @Test(
        "one service a folder; SIGTERM and SIGINT end it well; metrics are on a port of their own and name no path that was asked for"
    )
    func lifecycle() throws {
        let place = try people()
        let service = try Service(place, ["--metrics-port", "0"])
        #expect(service.port > 0)
        let second = try Tool.run("serve", place.data, "--port", "0")
        #expect(second.status == 3, "\(second.errors)")
        let health = try Tool.shell("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:\(service.port)/health")
        #expect(health.out == "200")
        #expect(service.stop() == 0)
        let again = try Service(place)
        #expect(again.stop(SIGINT) == 0)
        let log = String(decoding: again.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(!log.contains("error"), "\(log)")
    }

    @Test(
        "a setting that cannot be used ends with 2 and says which, before anything listens",
        arguments: [
            (["--address", "0.0.0.0"], "address"), (["--url", "consent.example.org"], "--url"),
            (["--url", "https://a.example/"], "--url"), (["--url", "http://consent.example.org"], "--url"),
            (["--port", "70000"], "--port"), (["--certificate", "/nonexistent"], "--certificate"),
            (["--certificate", "/etc/hosts", "--private-key", "/etc/hosts"], "certificate"),
            (["--clock", "soon"], "--clock"),
        ])
    func wrongSettings(_ arguments: [String], _ named: String) throws {
        let place = try Workplace()
        try place.example()
        let run = try Tool.run(
            ["serve", place.data] + (arguments.contains("--port") ? [] : ["--port", "0"]) + arguments)
        #expect(run.status == 2 && run.errors.contains(named), "\(run.status) \(run.errors)")
    }

    @Test("over TLS it speaks HTTP/2 and HTTP/1.1, from certificate files")
    func tls() throws {
        let place = try people()
        let made = try Tool.shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -days 2 -keyout \(place.path)/key.pem -out \(place.path)/cert.pem"
        )
        #expect(made.status == 0, "\(made.errors)")
        let service = try Service(
            place,
            [
                "--certificate", place.path + "/cert.pem", "--private-key", place.path + "/key.pem", "--url",
                "https://127.0.0.1",
            ])
        // The address that is printed is the one given; the port is asked of the system.
        let port = try Tool.shell(
            "ss -ltnp | grep 'pid=\(service.process.processIdentifier),' | sed 's/.*127.0.0.1:\\([0-9]*\\).*/\\1/' | head -1"
        ).out
            .trimmingCharacters(in: .whitespacesAndNewlines)
        for (flag, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
            let reply = try Tool.shell(
                "curl -s --cacert \(place.path)/cert.pem \(flag) -o /dev/null -w '%{http_code} %{http_version}' https://127.0.0.1:\(port)/"
            )
            #expect(reply.out == "200 \(version)", "\(reply.out) \(reply.errors)")
            // Refused unread, which a stream of HTTP/2 is told without a header that it may not have.
            let huge = try Tool.shell(
                "head -c 200000 /dev/zero | curl -s --cacert \(place.path)/cert.pem \(flag) -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @- https://127.0.0.1:\(port)/api/v1/rescissions"
            )
            #expect(huge.out == "413", "\(version): \(huge.out) \(huge.errors)")
        }
        let headers = try Tool.shell("curl -si --cacert \(place.path)/cert.pem https://127.0.0.1:\(port)/").out
            .lowercased()
        #expect(headers.contains("strict-transport-security"))
        #expect(service.stop() == 0)
    }

    /// Opens connections that never finish their first request, and then takes a release back by its code.
    private static let flood = """
        import json, resource, signal, socket, subprocess, sys, urllib.request
        program, folder, code, limit, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        few = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))) if limit else None
        service = subprocess.Popen([program, "serve", folder, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=few)
        try:
            port = int(service.stdout.readline().rsplit(":", 1)[1])
            open_ones = []
            for number in range(count):
                try:
                    one = socket.create_connection(("127.0.0.1", port), timeout=20)
                    one.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n")
                    open_ones.append(one)
                except OSError:
                    pass
            assert len(open_ones) > (limit or count // 2), len(open_ones)
            request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/rescissions", json.dumps({"code": code}).encode(), {"Content-Type": "application/json"})
            print("opened", len(open_ones), "rescinded", urllib.request.urlopen(request, timeout=60).status, "alive", service.poll() is None)
            for number in range(3):
                assert urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60).status == 200
            service.send_signal(signal.SIGTERM)
            print("ended", service.wait(60))
        finally:
            service.kill()
        """

    @Test(
        "half-open connections, more than the process may have files, end nothing: a release is taken back by its code meanwhile",
        arguments: [(256, 600), (1024, 4000)])
    func halfOpen(files: Int, connections: Int) async throws {
        let place = try Workplace()
        try place.example()
        let codes = try place.apply(Workplace.introduced, "--codes")
        let code = try #require(
            codes.out.split(separator: "\n").first { $0.contains("rescind-only code ") }?.split(separator: " ").last)
        let program = try place.write("flood.py", Self.flood)
        let arguments = [program, Tool.path, place.data, String(code), "\(files)", "\(connections)"]
        let run = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try Self.run("/usr/bin/python3", arguments) })
            }
        }
        #expect(run.out.contains("rescinded 200 alive True") && run.out.contains("ended 0"), "\(run.out) \(run.errors)")
        #expect(try Tool.run("audit", "verify", place.data).status == 0)
    }

    @Test("with fewer than 128 open files the service does not start, and says why")
    func tooFewFiles() throws {
        let place = try people()
        let run = try Tool.shell("ulimit -n 100; timeout 60 '\(Tool.path)' serve '\(place.data)' --port 0")
        #expect(run.status == 2 && run.errors.contains("open files: at least 128"), "\(run.errors)")
    }

    @Test(
        "a body that is too long is refused unread, one that does not come is given up, and others are served meanwhile"
    )
    func slowAndHuge() throws {
        let place = try people()
        let service = try Service(place)
        let huge = try Tool.shell(
            "head -c 200000 /dev/zero | curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @- http://127.0.0.1:\(service.port)/api/v1/rescissions"
        )
        #expect(huge.out == "413")
        let chunked = try Tool.shell(
            "head -c 200000 /dev/zero | curl -s -o /dev/null -w '%{http_code}' -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' --data-binary @- http://127.0.0.1:\(service.port)/api/v1/rescissions"
        )
        #expect(chunked.out == "413")
        let slow = try Tool.shell(
            """
            python3 - <<'END'
            import socket
            slow = socket.create_connection(("127.0.0.1", \(service.port)))
            slow.sendall(b"POST /api/v1/rescissions HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\nContent-Length: 100\\r\\n\\r\\n{")
            import urllib.request
            assert urllib.request.urlopen("http://127.0.0.1:\(service.port)/health").status == 200
            print(slow.recv(100).split(b"\\r\\n")[0].decode())
            END
            """)
        #expect(slow.out.contains("408"), "\(slow.out) \(slow.errors)")
        let long = try Tool.shell(
            "curl -s -o /dev/null -w '%{http_code}' -H \"X-Long: $(head -c 20000 /dev/zero | tr '\\0' a)\" http://127.0.0.1:\(service.port)/"
        )
        #expect(["400", "431", "000"].contains(long.out), "\(long.out)")
        #expect(service.stop() == 0)
    }

    @Test("the first administrator is added at the command line, and the link sets up once")
    func accounts() throws {
        let place = try Workplace()
        try place.example()
        let wrong = try Tool.run(
            "account", "add", place.data, "--name", "Pia Brandt", "--surname", "Brandt", "--first-name", "Pia",
            "--phone",
            "312-555-0103",
            "--mail", "nowhere", "--role", "administrator")
        #expect(wrong.status == 2 && wrong.errors.contains("address"), "\(wrong.errors)")
        let both = try Tool.run(
            "account", "add", place.data, "--name", "Pia Brandt", "--surname", "Brandt", "--first-name", "Pia",
            "--phone",
            "312-555-0103",
            "--mail", "pia@example.org", "--role", "auditor", "--role", "administrator")
        #expect(both.status == 2)
        let added = try Tool.run(
            "account", "add", place.data, "--name", "Pia Brandt", "--surname", "Brandt", "--first-name", "Pia",
            "--phone",
            "312-555-0103",
            "--mail", "pia@example.org", "--role", "administrator")
        #expect(added.status == 0 && added.out.contains("/set-up/"), "\(added.errors)")
        #expect(try Tool.run("account", "set-up", place.data, "name:Brandt").out.contains("/set-up/"))
        #expect(try Tool.run("account", "disable", place.data, "name:Brandt").out == "closed\n")
        #expect(try Tool.run("account", "disable", place.data, "name:Nobody").status == 1)
    }
}
