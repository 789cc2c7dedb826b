//! Where functions are resumed one by one: the states and globals that the dispatcher and a function share.

/// Bytes of the number that a frame begins with.
pub(super) const NUMBER: i64 = 4;

/// The state in which the innermost function is resumed, and one whose callee has returned.
pub(super) const INNERMOST: u32 = 3;
pub(super) const RESULT: u32 = 4;
/// The same if that one has thrown.
pub(super) const THROWING: u32 = 5;

/// The added global with the address of what is resumed.
pub(super) const FRAME: usize = 2;
/// The one behind it, if there is a function that catches: with the exception that was caught.
pub(super) const EXCEPTION: usize = FRAME + 1;
