//! The dispatcher's locals. The first six are addresses.

/// The argument of `start_rewind`.
pub(super) const DATA: u32 = 0;
/// The beginning of the segment.
pub(super) const BASE: u32 = 1;
/// The segment's next frame.
pub(super) const CURSOR: u32 = 2;
/// The end of the segment.
pub(super) const TOP: u32 = 3;
/// How much of the segment was taken.
pub(super) const TAKEN: u32 = 4;
/// The end of the saved frames.
pub(super) const START: u32 = 5;
/// The function's number in the table.
pub(super) const NUMBER: u32 = 6;
/// The state that the function finds.
pub(super) const STATE: u32 = 7;
/// Whether there is no frame left.
pub(super) const IS_LAST: u32 = 8;
