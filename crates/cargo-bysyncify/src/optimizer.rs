//! The interface of Binaryen's `wasm-opt`, which optimises a module after our transformation.
//!
//! The linker knows only the [`Optimizer`] trait, so that tests can observe the calls of [`WasmOpt`](crate::WasmOpt).

use core::str::FromStr;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// A program that reads a module from one file and writes it to another, and keeps function names.
pub trait Optimizer {
    /// Optimises the module at `input` and writes it to `output`.
    ///
    /// # Errors
    ///
    /// If it cannot be optimised. `output` may or may not exist then.
    fn optimise(&self, input: &Path, output: &Path, options: &Options) -> Result<()>;

    /// Reads the module at `input`, replaces the imports `asyncify.*` by its own functions, and instruments every
    /// function that might have to be, as far as it knows. Then optimises, and writes the module to `output`. This is
    /// needed only if our analysis and instrumentation are not trusted.
    ///
    /// # Errors
    ///
    /// If the module cannot be transformed. `output` may or may not exist then.
    fn asyncify(&self, input: &Path, output: &Path, options: &Options) -> Result<()>;
}

/// How to transform one module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How hard to optimise.
    pub opt_level: OptLevel,
    /// The features the module uses, by their names in a `target_features` section.
    pub features: Vec<String>,
    /// Whether wasm-bindgen will be run on the output. It uses closures in the table, which no other tool can know. So
    /// they must not be optimised away.
    pub for_wasm_bindgen: bool,
    /// The imports that the host suspends in, as `module.name`.
    pub suspends: Vec<String>,
}

/// How hard the optimizer works on its output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptLevel {
    /// Not at all, as for a debug build.
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
    /// Whether `wasm-opt` inlines functions.
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

    /// The level in `BYSYNCIFY_OPT`, if it is set.
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
