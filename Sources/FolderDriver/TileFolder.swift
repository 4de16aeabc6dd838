internal import Cryptography
internal import Foundation
internal import Glibc
public import ReleaseLedger
internal import ReleaseService
public import TransparencyLog

/// Files in a folder by their paths within it: the complete tiles of a log, and exports.
///
/// A file is written under a temporary name, synced, renamed, and its folder synced: whoever finds it finds all of it.
/// Links are never followed, neither in the last part of a path nor before it.
public struct TileFolder: TileKeeper, ExportFolder {
    private let root: String

    public init(_ path: String) { root = path }

    // MARK: Reading

    public func holds(_ tile: TilePath) throws -> Bool { try kind(of: tile.text) == S_IFREG }

    public func bytes(of tile: TilePath) throws -> [UInt8] {
        guard try kind(of: tile.text) != nil else { throw LogError.missingTile(tile.text) }
        do {
            guard let bytes = try bytes(of: tile.text, atMost: tile.maximumByteCount) else {
                throw LogError.missingTile(tile.text)
            }
            return bytes
        } catch let error as FolderError {
            throw LogError.badTile(tile.text, error.problem)
        }
    }

    public func bytes(of path: String, atMost limit: Int) throws -> [UInt8]? {
        guard let kind = try kind(of: path) else { return nil }
        guard kind == S_IFREG else { throw FolderError(file: path, problem: "not a file") }
        let file = try DurableFile(path: "\(root)/\(path)", name: path, isReadOnly: true, creates: false)
        let size = try file.size()
        guard size <= limit else { throw FolderError(file: path, problem: "longer than \(limit) bytes") }
        return try file.read(at: 0, count: size)
    }

    public func digest(of path: String) throws -> String? {
        guard let kind = try kind(of: path) else { return nil }
        guard kind == S_IFREG else { throw FolderError(file: path, problem: "not a file") }
        let file = try DurableFile(path: "\(root)/\(path)", name: path, isReadOnly: true, creates: false)
        let hashing = SHA256.Stream()
        var offset = 0
        while true {
            let bytes = try file.read(at: offset, count: 1 << 20)
            if bytes.isEmpty { break }
            hashing.update(bytes)
            offset += bytes.count
        }
        return Hex.format(hashing.finish())
    }

    public func paths() throws -> [String] {
        var found: [String] = []
        func walk(_ folder: String) throws {
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? root : "\(root)/\(folder)")
            } catch {
                if folder.isEmpty, !FileManager.default.fileExists(atPath: root) { return }
                throw FolderError(file: folder.isEmpty ? "." : folder, problem: "cannot be read")
            }
            for name in names {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                if Self.kind(atPath: "\(root)/\(path)") == S_IFDIR { try walk(path) } else { found.append(path) }
            }
        }
        try walk("")
        return found.sorted()
    }

    /// The type of the file at a path within the folder, links not followed; nil if nothing is there.
    ///
    /// - Throws: ``FolderError`` for a path that leaves the folder or passes through something that is no folder.
    private func kind(of path: String) throws -> mode_t? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw FolderError(file: path, problem: "not a path within the folder")
        }
        var whole = root
        for part in parts.dropLast() {
            whole += "/\(part)"
            guard let kind = Self.kind(atPath: whole) else { return nil }
            if kind != S_IFDIR { throw FolderError(file: path, problem: "not in a folder") }
        }
        return Self.kind(atPath: "\(root)/\(path)")
    }

    private static func kind(atPath path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    // MARK: Writing

    public func write(_ tile: TilePath, _ bytes: [UInt8]) throws {
        if try holds(tile) {
            guard try self.bytes(of: tile) == bytes else {
                throw FolderError(file: tile.text, problem: "another tile is in its place already")
            }
            return
        }
        FaultPoint.reach(.beforeTileWrite)
        try write(tile.text, bytes)
        FaultPoint.reach(.afterTileRename)
    }

    public func write(_ path: String, _ bytes: [UInt8]) throws {
        _ = try kind(of: path)
        if !FileManager.default.fileExists(atPath: root) {
            do {
                try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            } catch {
                throw FolderError(file: path, problem: "its folder cannot be made")
            }
        }
        var folders = [root]
        for part in path.split(separator: "/").dropLast() { folders.append("\(folders[folders.count - 1])/\(part)") }
        for (index, folder) in folders.enumerated() where mkdir(folder, 0o755) == 0 && index > 0 {
            try DurableFile.syncFolder(folders[index - 1])
        }
        let parent = folders[folders.count - 1]
        // The same name each time: what a stopped process left is taken away by the one that finishes its work.
        let temporary = "\(parent)/.new-\(path.split(separator: "/").last ?? "")"
        unlink(temporary)
        try DurableFile.create(path: temporary, name: path, bytes)
        // What auditors are given is for everybody to read.
        chmod(temporary, 0o644)
        FaultPoint.reach(.beforeTileRename)
        guard rename(temporary, "\(root)/\(path)") == 0 else {
            let reason = DurableFile.reason()
            unlink(temporary)
            throw FolderError(file: path, problem: reason)
        }
        try DurableFile.syncFolder(parent)
    }

    public func remove(_ path: String) throws {
        guard try kind(of: path) != nil else { return }
        guard unlink("\(root)/\(path)") == 0 else { throw FolderError(file: path, problem: DurableFile.reason()) }
        // Folders that held nothing else go with it.
        var parts = path.split(separator: "/").dropLast()
        while !parts.isEmpty, rmdir("\(root)/\(parts.joined(separator: "/"))") == 0 { parts.removeLast() }
    }
}
