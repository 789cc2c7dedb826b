//! Backtraces of suspended coroutines.
//!
//! ```text
//!   Coroutine::backtrace ─► capture.rs ─┬─► natively: captured on its stack    native.rs
//!                                       └─► in WebAssembly: its saved frames   saved.rs, table.rs
//!                              │
//!                              ▼
//!                           trim.rs: removes this crate's functions at both ends
//! ```

mod capture;
#[cfg(bysyncify_native)]
mod native;
#[cfg(bysyncify_switch)]
mod saved;
#[cfg(bysyncify_switch)]
mod table;
mod trim;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The functions on the stack of a suspended coroutine, the innermost first: see
/// [`Coroutine::backtrace`](crate::Coroutine::backtrace).
///
/// It is printed like the backtrace of a panic:
///
/// ```text
///    0: demo::read_line
///              at src/main.rs:12
///    1: demo::main::{closure#0}
///              at src/main.rs:20
/// ```
///
/// If there is no backtrace, the reason is printed instead, on one line.
#[derive(Clone, Debug)]
pub struct Backtrace {
    pub(crate) status: BacktraceStatus,
    pub(crate) frames: Vec<BacktraceFrame>,
}

/// Whether the functions on a coroutine's stack are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BacktraceStatus {
    /// The coroutine was suspended, and these are its functions.
    Captured,
    /// The coroutine was not suspended: it has not started, is running, or has ended. Running code has a backtrace
    /// of its own (`std::backtrace`).
    NotSuspended,
    /// The coroutine was suspended, but its stack cannot be read: the module was not made by `bysyncify-ld`, or
    /// this kind of build has no backtraces (docs/backtraces.md).
    Unsupported,
}

/// A function on a stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BacktraceFrame {
    pub(crate) name: String,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
}

impl Backtrace {
    /// Whether the functions were captured, and if not, why.
    pub fn status(&self) -> BacktraceStatus {
        self.status
    }

    /// The functions, the innermost first. Empty unless the status is [`Captured`](BacktraceStatus::Captured).
    pub fn frames(&self) -> &[BacktraceFrame] {
        &self.frames
    }

    fn without_frames(status: BacktraceStatus) -> Self {
        Self { status, frames: Vec::new() }
    }
}

impl BacktraceFrame {
    /// The function's name, in the notation of the source. In an optimised module without symbols it is
    /// `function 12, suspend point 3`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The source file, if it is known.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line in the source file, counted from 1, if it is known.
    pub fn line(&self) -> Option<u32> {
        self.line
    }
}

impl fmt::Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            BacktraceStatus::Captured => {}
            BacktraceStatus::NotSuspended => return f.write_str("it is not suspended"),
            BacktraceStatus::Unsupported => return f.write_str("its stack is not known"),
        }
        for (number, frame) in self.frames.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{number:4}: {frame}")?;
        }
        Ok(())
    }
}

impl fmt::Display for BacktraceFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(file) = &self.file {
            write!(f, "\n{:13}at {file}", "")?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn it_is_printed_as_a_panic_prints_one() {
        let frame = |name: &str, file: Option<&str>, line| BacktraceFrame {
            name: name.into(),
            file: file.map(Into::into),
            line,
        };
        let frames = vec![
            frame("a::b", Some("a.rs"), Some(3)),
            frame("c", Some("c.rs"), None),
            frame("d", None, None),
        ];
        let trace = Backtrace { status: BacktraceStatus::Captured, frames };
        assert_eq!(
            trace.to_string(),
            "   0: a::b\n             at a.rs:3\n   1: c\n             at c.rs\n   2: d"
        );
        let none = |status| Backtrace::without_frames(status).to_string();
        assert_eq!(none(BacktraceStatus::NotSuspended), "it is not suspended");
        assert_eq!(none(BacktraceStatus::Unsupported), "its stack is not known");
    }
}
