//! Binaryen's `wasm-opt` as an [`Optimizer`].

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::features::{Unknown, User};
use crate::optimizer::{Optimizer, Options};
use crate::setup::{self, WasmOpt};
use crate::{features, naming, store};

/// The first version that has `--skip-pass`. 108 does not have it.
const SKIPS_PASSES: u32 = 116;

impl Optimizer for WasmOpt {
    fn optimise(&self, input: &Path, output: &Path, options: &Options) -> Result<()> {
        self.transform("optimising", input, output, options, &[])
    }

    fn asyncify(&self, input: &Path, output: &Path, options: &Options) -> Result<()> {
        let imports = match options.suspends.as_slice() {
            [] => "--pass-arg=asyncify-ignore-imports".to_owned(),
            suspends => format!("--pass-arg=asyncify-imports@{}", suspends.join(",")),
        };
        self.transform("Asyncify", input, output, options, &["--asyncify", &imports])
    }
}

impl WasmOpt {
    /// Runs these passes, and then optimises. `what` is used in the error message.
    fn transform(
        &self,
        what: &str,
        input: &Path,
        output: &Path,
        options: &Options,
        passes: &[&str],
    ) -> Result<()> {
        let enabled = features::enable(&options.features, self.version());
        self.check_age(input, &enabled.unknown)?;
        let mut arguments: Vec<&OsStr> = vec![input.as_os_str(), "-o".as_ref(), output.as_os_str()];
        arguments.extend(enabled.flags.iter().map(OsStr::new));
        // The passes run in the order of the arguments. DWARF is removed first: it would be wrong afterwards, and
        // updating it is slow. `-g` keeps the names.
        arguments.push("--strip-dwarf".as_ref());
        arguments.extend(passes.iter().map(OsStr::new));
        arguments.extend([options.opt_level.flag(), "-g"].map(OsStr::new));
        if options.for_wasm_bindgen && self.version() >= SKIPS_PASSES {
            // This pass empties functions that only the table refers to: seen from version 125 on.
            arguments.push("--skip-pass=remove-unused-module-elements".as_ref());
        }
        self.run(arguments).with_context(|| match enabled.unknown.as_slice() {
            [] => format!("{what} failed"),
            unknown => format!(
                "{what} failed, perhaps since the module uses what wasm-opt {} does not know: {}",
                self.version(),
                unknown.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            ),
        })
    }

    /// Refuses a module that uses one of these features, which this version does not know.
    fn check_age(&self, input: &Path, unknown: &[Unknown]) -> Result<()> {
        for feature in unknown {
            let Some(since) = feature.since else { continue };
            let user = match feature.user(&store::read(input)?)? {
                Some(User::Function(index)) => format!("`{}`", naming::number(index)),
                Some(User::Module) => "it".to_owned(),
                None => continue,
            };
            bail!(
                "{self} is too old for this module: {user} uses {}, which came with version {since}. \
                 Either build without that target feature, or {}",
                feature.name,
                setup::how_to_get_a_newer_wasm_opt()?,
            );
        }
        Ok(())
    }
}
