/// Thrown by a command that must check a record which its own batch has written: nothing of the command is left, and it
/// is decided again in the next batch, when the head over that record is signed.
struct AwaitsHead: Error {}
