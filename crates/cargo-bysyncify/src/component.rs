//! Targets whose programs are components, such as `wasm32-wasip2`. Rustc's linker for them is `wasm-component-ld`,
//! which calls a linker for the objects and makes the module into a component.
//!
//! A module inside a component can no longer be asyncified. So we call `wasm-component-ld` and name ourselves as the
//! linker that it calls. Then the module goes through Asyncify.

use std::ffi::OsString;
use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::command;

/// The program that makes components. It is part of rustup's toolchains, and rustc adds its folder to `PATH` for the
/// linker.
const PROGRAM: &str = "wasm-component-ld";

/// The variable that is set when `wasm-component-ld` calls us. It calls us by whatever name we gave it, and its
/// arguments do not identify it.
const INSIDE: &str = "BYSYNCIFY_IN_COMPONENT_LD";

/// Whether `wasm-component-ld` calls us.
pub(crate) fn calls_us() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Whether rustc links for a target whose programs are components.
///
/// Rustc does not name the target. But it passes the folder of the target's own libraries:
/// `…/rustlib/wasm32-wasip2/lib`. `-flavor` shows that the caller is rustc, and not a `wasm-component-ld` whose
/// `--wasm-ld-path` the user has set to us.
pub(crate) fn is_wanted(arguments: &[OsString]) -> bool {
    let is_rustc = arguments.first().is_some_and(|first| first == "-flavor");
    is_rustc
        && arguments.iter().any(|argument| {
            let argument = argument.to_string_lossy();
            match argument.strip_prefix('@') {
                // If this is not a response file, the real linker will report it.
                Some(path) => fs::read_to_string(path).is_ok_and(|text| names_target(&text)),
                None => names_target(&argument),
            }
        })
}

/// Whether a path in this text leads to the libraries of a component target.
fn names_target(text: &str) -> bool {
    text.split("rustlib").skip(1).any(|rest| {
        // In response files a backslash is doubled.
        let rest = rest.trim_start_matches(['/', '\\']);
        let end = rest.find(['/', '\\']).unwrap_or(rest.len());
        matches!(&rest[..end], "wasm32-wasip2" | "wasm32-wasip3")
    })
}

/// Calls `wasm-component-ld` with the arguments that rustc gave us.
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    match link(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bysyncify-ld: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn link(arguments: &[OsString]) -> Result<ExitCode> {
    let program = command::find(PROGRAM).with_context(|| {
        format!(
            "`{PROGRAM}`, which makes components, is not on PATH: it comes with rustup's \
             toolchains; else run `cargo install {PROGRAM}`"
        )
    })?;
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let mut command = Command::new(program);
    command.args(arguments.iter().map(for_component_ld)).arg("--wasm-ld-path").arg(own);
    command::replace(command.env(INSIDE, "1"))
}

/// Wraps our own options: `wasm-component-ld` knows the options of linkers, and passes on others only if told to.
fn for_component_ld(argument: &OsString) -> OsString {
    if !argument.to_string_lossy().starts_with("--bysyncify-") {
        return argument.clone();
    }
    let mut passed_on = OsString::from("--append-lld-flag=");
    passed_on.push(argument);
    passed_on
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a component is wanted by these arguments, after the ones that rustc begins with.
    fn wanted(arguments: &[&str]) -> bool {
        let all = ["-flavor", "wasm"].iter().chain(arguments).map(OsString::from);
        is_wanted(&all.collect::<Vec<_>>())
    }

    #[test]
    fn target_is_told_by_where_its_libraries_are() {
        assert!(wanted(&["-L", "/rust/lib/rustlib/wasm32-wasip2/lib"]));
        assert!(wanted(&[r"C:\rust\lib\rustlib\wasm32-wasip2\lib\libstd-1.rlib"]));
        assert!(!wanted(&["-L", "/rust/lib/rustlib/wasm32-wasip1/lib"]));
        assert!(!wanted(&["-L", "/rust/lib/rustlib/wasm32-unknown-unknown/lib"]));
        // A folder of the user's that has such a name by chance.
        assert!(!wanted(&["-o", "/home/wasm32-wasip2/a.wasm", "/rust/lib/rustlib/x/lib"]));
    }

    #[test]
    fn who_already_makes_a_component_only_links() {
        let arguments = ["-L", "/rust/lib/rustlib/wasm32-wasip2/lib"].map(OsString::from);
        assert!(!is_wanted(&arguments));
    }

    #[test]
    fn our_own_options_are_passed_on() {
        let passed_on = |argument: &str| for_component_ld(&argument.into());
        assert_eq!(passed_on("--gc-sections"), "--gc-sections");
        let own = "--bysyncify-assume-no-suspend=core::fmt";
        assert_eq!(passed_on(own), "--append-lld-flag=--bysyncify-assume-no-suspend=core::fmt");
    }

    #[test]
    fn response_files_are_looked_into() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let argument = format!("@{}", file.path().display());
        fs::write(file.path(), "-L\nC:\\\\rust\\\\rustlib\\\\wasm32-wasip2\\\\lib\n").unwrap();
        assert!(wanted(&[&argument]));
        fs::write(file.path(), "-L\n/rust/rustlib/wasm32-wasip1/lib\n").unwrap();
        assert!(!wanted(&[&argument]));
        assert!(!wanted(&["@/nowhere"]));
    }
}
