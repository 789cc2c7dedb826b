//! Targets whose programs are components, such as `wasm32-wasip2`: rustc's linker for them is
//! `wasm-component-ld`, which has the objects linked and then makes a component of the module.
//!
//! What is in a component can no longer be asyncified. So we call `wasm-component-ld` with
//! ourselves as the linker that it calls, and it is the module that goes through Asyncify.

use std::ffi::OsString;
use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::command;

/// The program that makes components. It comes with rustup's toolchains, and rustc puts the
/// folder where it is on `PATH` for its linker.
const PROGRAM: &str = "wasm-component-ld";

/// Set when it is `wasm-component-ld` that calls us: it does so by whatever name we gave it, and
/// with nothing among its arguments that would tell.
const INSIDE: &str = "BYSYNCIFY_IN_COMPONENT_LD";

/// Whether `wasm-component-ld` calls us.
pub(crate) fn calls_us() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Whether rustc links for a target whose programs are components.
///
/// It does not say which target that is. But among what it passes is the folder of the target's
/// own libraries: `…/rustlib/wasm32-wasip2/lib`. `-flavor` tells that it is rustc, and not a
/// `wasm-component-ld` whose `--wasm-ld-path` somebody has set to us.
pub(crate) fn is_wanted(arguments: &[OsString]) -> bool {
    let is_rustc = arguments.first().is_some_and(|first| first == "-flavor");
    is_rustc
        && arguments.iter().any(|argument| {
            let argument = argument.to_string_lossy();
            match argument.strip_prefix('@') {
                // It may be that this is no response file: then the real linker will say so.
                Some(path) => fs::read_to_string(path).is_ok_and(|text| names_target(&text)),
                None => names_target(&argument),
            }
        })
}

/// Whether a path in this text leads to the libraries of such a target.
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

/// `wasm-component-ld` knows the options of linkers, and passes others on only if it is told to.
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

    /// Of arguments as rustc begins them.
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
        // A folder of the user's that happens to be called so.
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
