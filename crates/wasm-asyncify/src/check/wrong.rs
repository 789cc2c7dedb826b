//! The checker's error.

use core::fmt;

use crate::error::Failure;
use crate::module::FunctionIndex;

/// An error in a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Its index in the module before it was instrumented.
    pub(crate) function: Option<FunctionIndex>,
    /// The site that is to blame: its number, in code order, and its offset.
    pub(crate) site: Option<(usize, u64)>,
    pub(crate) what: String,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { function: None, site: None, what: what.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = self.function {
            write!(f, "function {function}: ")?;
        }
        if let Some((site, offset)) = self.site {
            write!(f, "site {site} (the call at {offset:#x}): ")?;
        }
        f.write_str(&self.what)
    }
}

// `?` converts it to a failure. It is no `Error`, which says that a module could not be read.
impl From<Wrong> for Failure<Wrong> {
    fn from(wrong: Wrong) -> Self {
        Self::Own(wrong)
    }
}
