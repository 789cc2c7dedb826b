//! Calling cargo so that what it links goes through Asyncify.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result};

use crate::setup::{self, WasmTarget};

/// The environment variable that tells cargo the linker for a target:
/// `CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER`.
#[must_use]
pub fn linker_variable(triple: &str) -> String {
    format!("CARGO_TARGET_{}_LINKER", triple.to_uppercase().replace(['-', '.'], "_"))
}

/// The cargo that called us, or the one on `PATH`.
pub(crate) fn program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// `cargo <subcommand>` for a wasm target, with the right compiler, and with us as the linker.
///
/// Makes sure first that the target and `wasm-opt` are there.
pub(crate) fn command(subcommand: &str, triple: &str) -> Result<Command> {
    let target = setup::wasm_target(triple)?;
    setup::wasm_opt()?;
    let mut command = Command::new(program());
    command.args([subcommand, "--target", triple]);
    configure(&mut command, &target)?;
    Ok(command)
}

fn configure(command: &mut Command, target: &WasmTarget) -> Result<()> {
    target.apply(command);
    // Not `bysyncify-ld` beside us: that may be missing, or of another age. See `is_linker`.
    command.env(linker_variable(&target.triple), own_path()?);
    Ok(())
}

/// The arguments that make cargo run a target's programs with our `runner` command.
pub(crate) fn runner_config(triple: &str, mode: &[&str]) -> Result<[String; 2]> {
    let own = own_path()?;
    let own = own.to_str().with_context(|| format!("`{}` is not UTF-8", own.display()))?;
    let words: Vec<&str> = [own, "bysyncify", "runner"].iter().chain(mode).copied().collect();
    // An array of strings is the same in JSON and in TOML.
    let words = serde_json::to_string(&words)?;
    Ok(["--config".into(), format!("target.{triple}.runner={words}")])
}

fn own_path() -> Result<std::path::PathBuf> {
    env::current_exe().context("cannot tell where this program is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linker_variable_is_spelled_as_cargo_reads_it() {
        assert_eq!(
            linker_variable("wasm32-unknown-unknown"),
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER"
        );
    }

    #[test]
    fn runner_is_this_program_as_one_word() {
        let own = env::current_exe().unwrap();
        assert_eq!(
            runner_config("wasm32-wasip1", &["--test"]).unwrap(),
            [
                "--config".to_owned(),
                format!(
                    r#"target.wasm32-wasip1.runner=["{}","bysyncify","runner","--test"]"#,
                    own.display()
                ),
            ]
        );
    }
}
