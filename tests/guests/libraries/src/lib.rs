//! Unmodified synchronous crates over asynchronous files: they must do the same as in memory, byte for byte.
//!
//! The files in `data` were made by other programs: GNU tar, gzip, Info-ZIP, `pnmtopng`, Python.

mod archives;
mod cancelled;
mod file;
mod huge;
mod pictures;
mod text;
mod ways;

/// The stack that several of these crates need where nothing is optimised.
const STACK: usize = 1024 * 1024;
