//! Errors of the transform.

use core::convert::Infallible;
use core::error::Error as StdError;
use core::fmt;
use core::num::TryFromIntError;

use wasm_encoder::reencode;
use wasmparser::BinaryReaderError;

use crate::remedy::Remedy;

/// Why a module cannot be made pausable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The module is not valid, or is not one that can be made pausable; or an option refers to something that the
    /// module does not have.
    Invalid {
        /// What is wrong, including the offset.
        message: String,
        /// The offset in the module, in bytes, if it is known.
        offset: Option<u64>,
    },
    /// The module, or one of its functions, contains something that no tool can suspend; or that is incompatible with
    /// an option.
    Unsupported {
        /// The name of the function, as a programmer writes it; None if the error is about the module.
        function: Option<String>,
        /// What the function does, as the rest of a sentence, and the calls by which it can suspend; or what the
        /// module contains, as a sentence.
        reason: String,
        /// The remedy.
        remedy: Remedy,
    },
    /// A function does something that could be suspended, but this crate does not support it.
    NotImplemented {
        /// The name of the function, as a programmer writes it.
        function: String,
        /// What it does, as the rest of a sentence.
        reason: String,
        /// The remedy.
        remedy: Remedy,
    },
    /// The checker has found a mistake of this crate.
    Wrong {
        /// The name of the function, as a programmer writes it, if the mistake is in one.
        function: Option<String>,
        /// What is wrong.
        what: String,
    },
}

/// The result of fallible functions in this crate.
pub(crate) type Result<T, E = Error> = core::result::Result<T, E>;

impl Error {
    /// An error about an invalid module.
    pub(crate) fn invalid(message: impl fmt::Display) -> Self {
        Self::Invalid { message: message.to_string(), offset: None }
    }

    /// An error about something in a module that cannot be suspended.
    pub(crate) fn of_module(reason: impl Into<String>, remedy: Remedy) -> Self {
        Self::Unsupported { function: None, reason: reason.into(), remedy }
    }

    /// The remedy, if one is known.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Invalid { .. } => None,
            Self::Unsupported { remedy, .. } | Self::NotImplemented { remedy, .. } => Some(*remedy),
            Self::Wrong { .. } => Some(Remedy::Report),
        }
    }

    /// The message. `words` writes the remedy, on the last line: a program with options of its own names them there.
    pub fn message(&self, words: impl FnOnce(Remedy) -> String) -> String {
        let what = match self {
            Self::Invalid { message, .. } => message.clone(),
            Self::Unsupported { function: None, reason, .. } => reason.clone(),
            Self::Unsupported { function: Some(function), reason, .. }
            | Self::NotImplemented { function, reason, .. } => format!("`{function}` {reason}"),
            Self::Wrong { function, what } => {
                let function = function.as_ref().map(|function| format!("`{function}`"));
                format!(
                    "{} was instrumented wrongly, which the checker has found: {what}.",
                    function.as_deref().unwrap_or("the module")
                )
            }
        };
        match self.remedy() {
            Some(remedy) => format!("{what}\n  {}", words(remedy)),
            None => what,
        }
    }

    /// Adds what was being done. Errors that name a function stay as they are.
    pub(crate) fn in_context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Self {
        match self {
            Self::Invalid { message, offset } => {
                Self::Invalid { message: format!("{}: {message}", what()), offset }
            }
            other => other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(|remedy| remedy.to_string()))
    }
}

impl StdError for Error {}

impl From<BinaryReaderError> for Error {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid { message: error.to_string(), offset: Some(error.offset()) }
    }
}

impl From<reencode::Error<Infallible>> for Error {
    fn from(error: reencode::Error<Infallible>) -> Self {
        match error {
            reencode::Error::ParseError(error) => error.into(),
            other => Self::invalid(other),
        }
    }
}

impl From<gimli::Error> for Error {
    fn from(error: gimli::Error) -> Self {
        Self::invalid(error)
    }
}

impl From<TryFromIntError> for Error {
    fn from(error: TryFromIntError) -> Self {
        Self::invalid(error)
    }
}

/// Adds to an error what was being done, or makes an error of a missing value.
pub(crate) trait Context<T> {
    /// Puts `what` before the message of an invalid module.
    fn context(self, what: impl fmt::Display) -> Result<T>;

    /// The same, with words that are only built if they are needed.
    fn with_context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.with_context(|| what)
    }

    fn with_context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|error| error.into().in_context(what))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.ok_or_else(|| Error::invalid(what))
    }

    fn with_context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T> {
        self.ok_or_else(|| Error::invalid(what()))
    }
}

/// Returns the error that the module is invalid.
macro_rules! bail {
    ($($message:tt)*) => {
        return Err($crate::error::Error::invalid(format_args!($($message)*)).into())
    };
}
pub(crate) use bail;

/// Why a pass has failed: for a reason of its own, or because the module could not be read. `?` converts any other
/// error to the latter.
#[derive(Debug)]
pub(crate) enum Failure<T> {
    Own(T),
    Other(Error),
}

impl<T> Failure<T> {
    /// The error of the whole transform. `explain` converts the pass's own reason.
    pub(crate) fn explained(self, explain: impl FnOnce(T) -> Error) -> Error {
        match self {
            Self::Own(own) => explain(own),
            Self::Other(error) => error,
        }
    }

    /// Adds what was being done, if the module could not be read.
    pub(crate) fn context(self, what: impl fmt::Display) -> Self {
        match self {
            Self::Own(own) => Self::Own(own),
            Self::Other(error) => Self::Other(error.in_context(|| what)),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Failure<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(own) => own.fmt(f),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl<T, E: Into<Error>> From<E> for Failure<T> {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}
