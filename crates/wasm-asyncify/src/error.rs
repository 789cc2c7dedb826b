//! What goes wrong when a module is made pausable.

use core::convert::Infallible;
use core::error::Error as StdError;
use core::fmt;
use core::num::TryFromIntError;

use wasm_encoder::reencode;
use wasmparser::BinaryReaderError;

/// Why a module cannot be made pausable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The module is not valid, or is not one that can be made pausable; or an option asks for what
    /// it does not have.
    Invalid {
        /// What is wrong. It says the offset, too.
        message: String,
        /// Where in the module, in bytes from its beginning, if that is known.
        offset: Option<u64>,
    },
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

/// The result of what can fail in this crate.
pub(crate) type Result<T, E = Error> = core::result::Result<T, E>;

impl Error {
    /// A module that is not as it should be.
    pub(crate) fn invalid(message: impl fmt::Display) -> Self {
        Self::Invalid { message: message.to_string(), offset: None }
    }

    /// Says what was being done. Errors that name a function say that themselves.
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
        match self {
            Self::Invalid { message, .. } => f.write_str(message),
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

impl From<TryFromIntError> for Error {
    fn from(error: TryFromIntError) -> Self {
        Self::invalid(error)
    }
}

/// Says of an error what was being done, or what is missing.
pub(crate) trait Context<T> {
    /// Puts `what` before the message of a module that is not valid.
    fn context(self, what: impl fmt::Display) -> Result<T>;

    /// The same, with words that are only made if they are needed.
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

/// Returns from a function: the module is not as it should be.
macro_rules! bail {
    ($($message:tt)*) => {
        return Err($crate::error::Error::invalid(format_args!($($message)*)).into())
    };
}
pub(crate) use bail;

/// Why a pass has not done its work: for a reason of its own, or because the module could not be
/// read. `?` makes the second of any other error.
#[derive(Debug)]
pub(crate) enum Failure<T> {
    Own(T),
    Other(Error),
}

impl<T> Failure<T> {
    /// The error of the whole transform. `explain` tells of what is the pass's own.
    pub(crate) fn explained(self, explain: impl FnOnce(T) -> Error) -> Error {
        match self {
            Self::Own(own) => explain(own),
            Self::Other(error) => error,
        }
    }

    /// Says what was being done, if the module could not be read.
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
