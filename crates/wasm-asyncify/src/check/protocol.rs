//! Where functions are resumed one by one: the states and globals that the dispatcher and a function share.

/// Bytes of the number that a frame begins with.
pub(super) const NUMBER: i64 = 4;

/// The states in which the innermost function is resumed, and a function whose callee has returned.
pub(super) const INNERMOST: u32 = 3;
pub(super) const RESULT: u32 = 4;
/// The state in which a function is resumed whose callee has thrown.
pub(super) const THROWING: u32 = 5;

/// The added global with the address of the frame that is resumed.
pub(super) const FRAME: usize = 2;
/// The global after it, with the exception that was caught. It exists only if a function catches exceptions.
pub(super) const EXCEPTION: usize = FRAME + 1;
