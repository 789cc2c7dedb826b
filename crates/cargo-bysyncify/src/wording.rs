//! What to do about an error of the engine, in words for users of `bysyncify-ld`.
//!
//! The engine's messages name its own options. Here they name those of the linker, rustc and Cargo.

use anyhow::anyhow;
use wasm_asyncify::Remedy;

/// A result of the engine, whose error gets our words.
pub(crate) trait Worded<T> {
    /// The same result with this crate's error type.
    fn worded(self) -> anyhow::Result<T>;
}

impl<T> Worded<T> for Result<T, wasm_asyncify::Error> {
    fn worded(self) -> anyhow::Result<T> {
        self.map_err(|error| anyhow!(error.message(words)))
    }
}

fn words(remedy: Remedy) -> String {
    let words = match remedy {
        Remedy::KeepNames => {
            "leave out what strips (`wasm-strip`, `wasm-opt` without `-g`, a BYSYNCIFY_LINKER that \
             does). `strip = \"symbols\"` in the profile is fine: the linker strips when it has done \
             its work"
        }
        Remedy::LinkObjects => {
            "give the linker the objects of a program and not a finished module, and run Asyncify \
             once"
        }
        Remedy::AvoidTailCallsOrBinaryen => {
            "build without the target feature `tail-call`, or without --bysyncify-everything"
        }
        Remedy::AvoidLegacyExceptions => {
            "build with `panic = \"abort\"`, or with `-C llvm-args=-wasm-use-legacy-eh=false`"
        }
        Remedy::UseBinaryen => "link with --bysyncify-everything, and tell us",
        Remedy::Report => {
            "the program is not to blame: please report it, with these lines. Until it is mended, \
             link with --bysyncify-everything"
        }
        Remedy::CorrectNoSuspend => {
            "take it out of `--bysyncify-assume-no-suspend`, or see `cargo bysyncify report` for the names there \
             are"
        }
        Remedy::AssumeNothingOrNoImports => {
            "leave out `--bysyncify-precise` or `--bysyncify-suspends`"
        }
        Remedy::AssumeNothingOrUpdate => {
            "update it (`cargo update bysyncify`), or link without `--bysyncify-precise`"
        }
        Remedy::AssumeNothingOrAvoidTailCalls => {
            "build without the target feature `tail-call`, or link without `--bysyncify-precise` and \
             `--bysyncify-assume-no-suspend`"
        }
        Remedy::Instrument => "link without `--bysyncify-lowering=stack-switching`",
        Remedy::UpdateOrNoChecks => {
            "update it (`cargo update bysyncify`), or link with `--bysyncify-stack-checks=off` and \
             `--bysyncify-checks=off`"
        }
        Remedy::UpdateOrNoStackChecks => {
            "update it (`cargo update bysyncify`), or link with `--bysyncify-stack-checks=off`"
        }
        // These errors mention nothing of ours.
        other => return other.to_string(),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_asyncify::analysis::{Analysis, NoSuspend, Precision, Program};

    #[test]
    fn options_are_the_linkers() {
        let wasm = wat::parse_str("(module (func $f))").unwrap();
        let program = Program::read(&wasm).unwrap();
        let no_suspend = NoSuspend(vec!["core::net".to_owned()]);
        let error = Analysis::new(&program, &no_suspend, Precision::Types).worded().unwrap_err();
        assert_eq!(
            error.to_string(),
            "nothing in the program is called `core::net`, which is assumed not to suspend\n  \
             take it out of `--bysyncify-assume-no-suspend`, or see `cargo bysyncify report` for the names there \
             are"
        );
    }
}
