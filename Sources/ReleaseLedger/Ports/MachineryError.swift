/// Failing machinery, as against what is refused: the caller did nothing wrong.
public enum MachineryError: Error, Sendable, CustomStringConvertible {
    /// Signing has stopped; only closing commands are accepted until it is repaired.
    case signingStopped(String)
    /// Stored bytes are not what they must be.
    case corrupt(String)
    /// A stored value was written by a later version of this program: it is left as it is.
    case laterVersion(String)
    /// The folder lacks something or has too much of it.
    case folder(String)
    /// It is too early for the thing that is asked for: on another day it may be there.
    case tooEarly(String)
    /// The command needs a key that this process was not given.
    case locked(String)

    public var description: String {
        switch self {
        case .signingStopped(let reason): "the log is not signing: \(reason)"
        case .corrupt(let what), .folder(let what), .tooEarly(let what), .locked(let what): what
        case .laterVersion(let what): "a stored \(what) was written by a later version of this program"
        }
    }
}
