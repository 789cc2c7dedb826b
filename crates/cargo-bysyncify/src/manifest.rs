//! The description of how a pausable module was made, which is written beside it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wasm_asyncify::analysis::{NoSuspend, Precision};
use wasm_asyncify::{Compact, Lowering};

use crate::pipeline::{Recipe, resumption};
use crate::setup::WasmOpt;

/// Increased when modules are made in another way. Then a module that an older program of the same version has kept
/// is not reused.
const REVISION: u64 = 29;

/// The tool and the options that a module was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The path of `wasm-opt` and its version, if it was used.
    pub(crate) wasm_opt: Option<(PathBuf, u32)>,
    pub(crate) recipe: Recipe,
}

impl Manifest {
    pub(crate) fn with(wasm_opt: Option<&WasmOpt>, recipe: &Recipe) -> Self {
        let wasm_opt = wasm_opt.map(|it| (it.path().to_owned(), it.version()));
        Self { wasm_opt, recipe: recipe.clone() }
    }

    /// The text of the file. It changes if anything changes that affects the module.
    pub(crate) fn text(&self) -> String {
        // Only tests choose which functions get the compact form, and they keep no modules. The resumption follows
        // from the checks. Whether a module was verified does not change it.
        let Recipe {
            no_suspend,
            suspends,
            precision,
            everything,
            lowering,
            checks,
            no_stack_checks,
            resumption: _,
            compact: _,
            verify: _,
            debug_info,
            symbols,
            symbols_folder,
            opt_level,
        } = &self.recipe;
        let made = json!({
            "cargo-bysyncify": env!("CARGO_PKG_VERSION"),
            "revision": REVISION,
            "wasm-opt": self.wasm_opt.as_ref().map(|(path, _)| path.to_string_lossy()),
            "version": self.wasm_opt.as_ref().map(|(_, version)| version),
            "assumed-not-to-suspend": no_suspend.0,
            "suspends": suspends,
            "precise": *precision == Precision::Slots,
            "everything": everything,
            "stack-switching": *lowering == Lowering::StackSwitching,
            "checks": checks,
            "stack-checks": !no_stack_checks,
            "debug-info": debug_info,
            "symbols": symbols,
            "symbols-folder": symbols_folder,
            "opt-level": opt_level.name(),
        });
        format!("{made:#}\n")
    }

    /// Parses such a file.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let made: Value = serde_json::from_str(text)?;
        Self::parse(&made).context("something is missing")
    }

    fn parse(made: &Value) -> Option<Self> {
        made["revision"].as_u64().filter(|revision| *revision == REVISION)?;
        let words = |value: &Value| {
            let words = value.as_array()?.iter();
            words.map(|word| Some(word.as_str()?.to_owned())).collect::<Option<Vec<_>>>()
        };
        let wasm_opt = match (&made["wasm-opt"], &made["version"]) {
            (Value::Null, Value::Null) => None,
            (path, version) => Some((path.as_str()?.into(), version.as_u64()?.try_into().ok()?)),
        };
        let checks = made["checks"].as_bool()?;
        Some(Self {
            wasm_opt,
            recipe: Recipe {
                no_suspend: NoSuspend(words(&made["assumed-not-to-suspend"])?),
                suspends: words(&made["suspends"])?,
                precision: match made["precise"].as_bool()? {
                    true => Precision::Slots,
                    false => Precision::Types,
                },
                everything: made["everything"].as_bool()?,
                lowering: match made["stack-switching"].as_bool()? {
                    true => Lowering::StackSwitching,
                    false => Lowering::Instrumentation,
                },
                checks,
                compact: Compact::default(),
                verify: false,
                debug_info: made["debug-info"].as_bool()?,
                symbols: made["symbols"].as_bool()?,
                symbols_folder: made["symbols-folder"].as_str().map(str::to_owned),
                no_stack_checks: !made["stack-checks"].as_bool()?,
                resumption: resumption(checks),
                opt_level: made["opt-level"].as_str()?.parse().ok()?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::OptLevel;

    #[test]
    fn what_is_written_is_read_again() {
        let manifest = Manifest {
            wasm_opt: Some(("/bin/wasm-opt".into(), 108)),
            recipe: Recipe {
                no_suspend: NoSuspend(vec!["core::fmt".into(), "a \"b\"".into()]),
                suspends: vec!["env.f".into()],
                precision: Precision::Slots,
                everything: false,
                lowering: Lowering::StackSwitching,
                checks: true,
                compact: Compact::default(),
                verify: false,
                debug_info: true,
                symbols: true,
                symbols_folder: Some("/a b".into()),
                no_stack_checks: true,
                resumption: resumption(true),
                opt_level: OptLevel::Os,
            },
        };
        assert_eq!(Manifest::read(&manifest.text()).unwrap(), manifest);
        let manifest = Manifest { wasm_opt: None, ..manifest };
        assert_eq!(Manifest::read(&manifest.text()).unwrap(), manifest);
        let message = |text| Manifest::read(text).unwrap_err().to_string();
        assert_eq!(message(r#"{"assumed-not-to-suspend": []}"#), "something is missing");
        assert_eq!(message("cargo-bysyncify 0.3.0"), "expected value at line 1 column 1");
    }
}
