//! Modules whose host suspends them, in imports. Made pausable by every available tool, they must print the same as
//! without suspends.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::makers::{Makers, compare, printed};
use crate::process;
use crate::tools;

/// The tool that makes a module pausable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    Ours,
    /// Our command, with functions to be resumed one by one.
    Flat,
    Binaryen,
}

/// All of them.
pub(super) const MAKERS: [Maker; 3] = [Maker::Ours, Maker::Flat, Maker::Binaryen];

impl Maker {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Flat => "ours, flat",
            Self::Binaryen => "Binaryen",
        }
    }
}

/// A module, and how to run it.
pub(super) struct Driven<'a> {
    pub(super) module: &'a Path,
    /// Which imports suspend, as a pattern.
    pub(super) imports: &'a str,
    /// The script that runs a module, suspended or not: `tests/engine/suspend.mjs`.
    pub(super) script: &'a Path,
    pub(super) node: &'a Path,
    pub(super) made_by: &'a [Maker],
}

impl Driven<'_> {
    /// Compares the outputs. Returns the number of comparisons.
    pub(super) fn check(&self, makers: &Makers<'_>) -> Result<usize> {
        let expected = self.run(self.module, "plain")?;
        let naps = expected.rsplit_once("naps: ").context("it counts its naps")?.1;
        anyhow::ensure!(naps != "0\n", "it waits nowhere");
        for maker in self.made_by {
            let made = self.make(makers, *maker)?;
            compare(&self.run(&made, "suspended")?, &expected, maker.name())?;
        }
        Ok(self.made_by.len())
    }

    fn run(&self, module: &Path, how: &str) -> Result<String> {
        let arguments: [&OsStr; 3] = [self.script.as_ref(), module.as_ref(), how.as_ref()];
        printed(Command::new(self.node).args(arguments))
    }

    fn make(&self, makers: &Makers<'_>, maker: Maker) -> Result<PathBuf> {
        let made = self.module.with_extension(format!("{}.wasm", maker.name()));
        let mut command = match maker {
            Maker::Ours | Maker::Flat => {
                let mut command = Command::new(&makers.wasm_asyncify);
                command.arg(format!("--imports={}", self.imports)).arg("--verify");
                command.args((maker == Maker::Flat).then_some("--flat"));
                command
            }
            Maker::Binaryen => {
                let mut command = Command::new(&makers.wasm_opt);
                command.args(["--quiet", "--asyncify", "--pass-arg"]);
                command
                    .arg(format!("asyncify-imports@{}", self.imports))
                    .args(tools::BINARYEN_FEATURES);
                command
            }
        };
        process::must_succeed(command.arg(self.module).arg("-o").arg(&made))?;
        Ok(made)
    }
}
