//! What transforms a module besides ourselves: Binaryen's `wasm-opt`, which optimises it.
//!
//! The linker knows only the [`Optimizer`] trait, so that tests can look over
//! [`WasmOpt`](crate::WasmOpt)'s shoulder.

use core::str::FromStr;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// A program that reads a module from one file and writes another, function names kept.
pub trait Optimizer {
    /// Writes to `output` the module at `input`, optimised.
    ///
    /// # Errors
    ///
    /// If it cannot be optimised. `output` may then be there or not.
    fn optimise(&self, input: &Path, output: &Path, options: &Options) -> Result<()>;

    /// Writes to `output` the module at `input` with the imports `asyncify.*` replaced by functions
    /// of its own and everything instrumented that could be, as far as it knows; then
    /// optimised. Nobody needs that who trusts our analysis and our instrumentation.
    ///
    /// # Errors
    ///
    /// If the module cannot be transformed. `output` may then be there or not.
    fn asyncify(&self, input: &Path, output: &Path, options: &Options) -> Result<()>;
}

/// How to transform one module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How hard to optimise.
    pub opt_level: OptLevel,
    /// The features the module uses, by their names in a `target_features` section.
    pub features: Vec<String>,
    /// Whether wasm-bindgen will be run on the output. It takes closures from the table, which no
    /// one else can see that it does: they must not be optimised away.
    pub for_wasm_bindgen: bool,
    /// The imports that the host suspends in, as `module.name`.
    pub suspends: Vec<String>,
}

/// How hard the optimizer works on what it wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptLevel {
    /// Not at all; what a debug build gets.
    #[default]
    O0,
    /// A little.
    O1,
    /// The usual amount.
    O2,
    /// For speed.
    O3,
    /// For speed, taking much longer.
    O4,
    /// For size.
    Os,
    /// For size above all.
    Oz,
}

impl OptLevel {
    /// Whether `wasm-opt` puts functions where they are called.
    pub(crate) fn inlines(self) -> bool {
        !matches!(self, Self::O0 | Self::O1)
    }

    /// The level as `wasm-opt` writes it: `-O2`.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::O0 => "-O0",
            Self::O1 => "-O1",
            Self::O2 => "-O2",
            Self::O3 => "-O3",
            Self::O4 => "-O4",
            Self::Os => "-Os",
            Self::Oz => "-Oz",
        }
    }

    /// What `BYSYNCIFY_OPT` says, if it is set.
    pub(crate) fn from_environment() -> Result<Option<Self>> {
        match std::env::var("BYSYNCIFY_OPT") {
            Ok(level) => level.parse().map(Some).context("in BYSYNCIFY_OPT"),
            Err(_) => Ok(None),
        }
    }

    /// The level as cargo writes it: `2`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.flag().trim_start_matches("-O")
    }
}

impl FromStr for OptLevel {
    type Err = anyhow::Error;

    /// Reads a level as cargo writes it: `0` to `4`, `s` or `z`.
    fn from_str(level: &str) -> Result<Self> {
        Ok(match level {
            "0" => Self::O0,
            "1" => Self::O1,
            "2" => Self::O2,
            "3" => Self::O3,
            "4" => Self::O4,
            "s" => Self::Os,
            "z" => Self::Oz,
            _ => bail!("`{level}` is no optimisation level: use one of 0, 1, 2, 3, 4, s, z"),
        })
    }
}
