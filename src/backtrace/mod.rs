//! What is on the stack of a suspended coroutine.
//!
//! ```text
//!   Coroutine::backtrace ─► capture.rs ─┬─► natively: the coroutine is asked   native.rs
//!                                       └─► in WebAssembly: what it has saved  saved.rs, table.rs
//!                              │
//!                              ▼
//!                           trim.rs: without what is ours at both ends
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
/// It is printed as a panic prints one:
///
/// ```text
///    0: demo::read_line
///              at src/main.rs:12
///    1: demo::main::{closure#0}
///              at src/main.rs:20
/// ```
///
/// What is not known is said on one line in place of that.
#[derive(Clone, Debug)]
pub struct Backtrace {
    pub(crate) status: BacktraceStatus,
    pub(crate) frames: Vec<BacktraceFrame>,
}

/// Whether it is known what is on a coroutine's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BacktraceStatus {
    /// It was suspended, and these are its functions.
    Captured,
    /// It was not: it has not started, runs, or has ended. What runs has a backtrace of its own
    /// (`std::backtrace`).
    NotSuspended,
    /// It was suspended, but what is on its stack cannot be told: the module was not made by our linker, or
    /// in this build nobody knows how to ask (docs/backtraces.md).
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
    /// Whether there is one.
    pub fn status(&self) -> BacktraceStatus {
        self.status
    }

    /// The functions, the innermost first. None unless the status is
    /// [`Captured`](BacktraceStatus::Captured).
    pub fn frames(&self) -> &[BacktraceFrame] {
        &self.frames
    }

    fn without_frames(status: BacktraceStatus) -> Self {
        Self { status, frames: Vec::new() }
    }
}

impl BacktraceFrame {
    /// The function's name, as a programmer writes it. In an optimised module without symbols it is
    /// `function 12, suspend point 3`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The source file, where that is known.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line in it, counted from 1, where that is known.
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
