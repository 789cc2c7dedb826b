//! The dispatcher's locals. Six addresses come first.

/// What `start_rewind` was given.
pub(super) const DATA: u32 = 0;
/// Where the segment begins.
pub(super) const BASE: u32 = 1;
/// Its next frame.
pub(super) const CURSOR: u32 = 2;
/// Where it ends.
pub(super) const TOP: u32 = 3;
/// How much of it was taken.
pub(super) const TAKEN: u32 = 4;
/// The end of what is saved.
pub(super) const START: u32 = 5;
/// The function's number in the table.
pub(super) const NUMBER: u32 = 6;
/// What it finds as the state.
pub(super) const STATE: u32 = 7;
/// Whether there is no frame left.
pub(super) const IS_LAST: u32 = 8;
