//! Synchronous crates as they are, over asynchronous files: the same as in memory, byte for byte.
//!
//! The files in `data` were made by other programs: GNU tar, gzip, Info-ZIP, `pnmtopng`, Python.

mod archives;
mod cancelled;
mod file;
mod huge;
mod pictures;
mod text;
mod ways;

/// What several of these crates take where nothing is optimised.
const STACK: usize = 1024 * 1024;
