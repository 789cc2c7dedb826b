//! What goes wrong when a module is made pausable.

use core::error::Error as StdError;
use core::fmt;

/// Why a module cannot be made pausable.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The module is not valid, or is not one that can be made pausable; or an option asks for what
    /// it does not have.
    Invalid(anyhow::Error),
    /// A function does something that cannot be suspended, whoever does it.
    Unsupported {
        /// What a programmer calls the function.
        function: String,
        /// What it does, and the calls by which it can suspend, as the rest of a sentence.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// A function does something that could be suspended, but we cannot do that.
    NotImplemented {
        /// What a programmer calls the function.
        function: String,
        /// What it does, as the rest of a sentence.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// The checker has found a mistake of ours.
    Wrong {
        /// What a programmer calls the function, if it is in one.
        function: Option<String>,
        /// What is wrong.
        what: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::Unsupported { function, reason, remedy }
            | Self::NotImplemented { function, reason, remedy } => {
                write!(f, "`{function}` {reason}\n  {remedy}")
            }
            Self::Wrong { function, what } => {
                match function {
                    Some(function) => write!(f, "`{function}`")?,
                    None => f.write_str("the module")?,
                }
                write!(
                    f,
                    " was instrumented wrongly, which the checker of cargo-bysyncify has found: \
                     {what}.\n  \
                     The program is not to blame: please report it, with these lines. Until it is \
                     mended, link with --bysyncify-everything"
                )
            }
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Invalid(error) => error.source(),
            _ => None,
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Invalid(error)
    }
}

/// Why a pass has not done its work: for a reason of its own, or because the module could not be
/// read. `?` makes the second of any other error.
#[derive(Debug)]
pub(crate) enum Failure<T> {
    Own(T),
    Invalid(anyhow::Error),
}

impl<T> Failure<T> {
    /// The error of the whole transform. `explain` tells of what is the pass's own.
    pub(crate) fn explained(self, explain: impl FnOnce(T) -> Error) -> Error {
        match self {
            Self::Own(own) => explain(own),
            Self::Invalid(error) => error.into(),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Failure<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(own) => own.fmt(f),
            Self::Invalid(error) => write!(f, "{error:#}"),
        }
    }
}

impl<T, E: Into<anyhow::Error>> From<E> for Failure<T> {
    fn from(error: E) -> Self {
        Self::Invalid(error.into())
    }
}
