internal import Foundation
internal import Glibc

/// An error of files.
public struct FolderError: Error, Sendable, CustomStringConvertible {
    /// The file, by its name within the folder.
    public let file: String
    public let problem: String
    public init(file: String, problem: String) {
        self.file = file
        self.problem = problem
    }
    public var description: String { "`\(file)`: \(problem)" }
}

/// A file that is read and written at offsets and synced on demand.
final class DurableFile: Sendable {
    private let descriptor: Int32
    private let name: String

    /// Opens `path`; creates it with mode 0600 where `creates`.
    init(path: String, name: String, isReadOnly: Bool, creates: Bool) throws {
        self.name = name
        let flags = (isReadOnly ? O_RDONLY : O_RDWR) | (creates ? O_CREAT : 0) | O_CLOEXEC | O_NOFOLLOW
        descriptor = Glibc.open(path, flags, 0o600)
        if descriptor < 0 { throw FolderError(file: name, problem: Self.reason()) }
    }

    deinit { Glibc.close(descriptor) }

    static func reason() -> String { String(cString: strerror(errno)).lowercased() }

    func size() throws -> Int {
        let end = lseek(descriptor, 0, SEEK_END)
        if end < 0 { throw FolderError(file: name, problem: Self.reason()) }
        return Int(end)
    }

    /// Up to `count` bytes; fewer at the end of the file.
    func read(at offset: Int, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
            }
            if got < 0 {
                if errno == EINTR { continue }
                throw FolderError(file: name, problem: Self.reason())
            }
            if got == 0 { break }
            done += got
        }
        return Array(bytes.prefix(done))
    }

    func write(_ bytes: [UInt8], at offset: Int) throws {
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
            }
            if put < 0 {
                if errno == EINTR { continue }
                throw FolderError(file: name, problem: Self.reason())
            }
            done += put
        }
    }

    /// - Throws: if the disk does not confirm; what was written since the last sync may then be lost.
    func sync() throws {
        if fdatasync(descriptor) != 0 { throw FolderError(file: name, problem: "sync failed: \(Self.reason())") }
    }

    /// Takes the exclusive lock that lasts until the process ends or the file is closed.
    func lockExclusively() throws {
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            throw FolderError(file: name, problem: "another process is writing in this folder")
        }
    }

    /// Makes a new name in a folder durable.
    static func syncFolder(_ path: String) throws {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw FolderError(file: path, problem: reason()) }
        defer { Glibc.close(descriptor) }
        if fsync(descriptor) != 0 { throw FolderError(file: path, problem: "sync failed: \(reason())") }
    }

    /// Writes a new file whole, mode 0600, synced, never over an existing one.
    static func create(path: String, name: String, _ bytes: [UInt8]) throws {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 { throw FolderError(file: name, problem: reason()) }
        defer { Glibc.close(descriptor) }
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if put < 0 { throw FolderError(file: name, problem: reason()) }
            done += put
        }
        if fsync(descriptor) != 0 { throw FolderError(file: name, problem: "sync failed: \(reason())") }
    }
}
