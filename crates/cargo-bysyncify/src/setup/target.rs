//! Makes sure that a Rust compiler has a wasm target.

use core::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::debian;
use super::rustc::Rustc;
use crate::command;

/// A wasm target, and the compiler that can compile for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasmTarget {
    /// The target, such as `wasm32-unknown-unknown`.
    pub triple: String,
    /// The compiler to use, if it is not the one that cargo would use by default.
    pub rustc: Option<PathBuf>,
    /// Where the target's standard library lies.
    pub libdir: PathBuf,
    /// Extra flags for the compiler, if any.
    pub flags: Vec<String>,
}

impl WasmTarget {
    /// Makes a command, usually `cargo`, use the right compiler.
    pub fn apply(&self, command: &mut Command) {
        if let Some(rustc) = &self.rustc {
            command.env("RUSTC", rustc);
            // `cargo test` compiles examples in documentation with the `rustdoc` beside it.
            command.env("RUSTDOC", rustc.with_file_name("rustdoc"));
        }
        if !self.flags.is_empty() {
            command.env("CARGO_ENCODED_RUSTFLAGS", self.flags.join("\x1f"));
        }
    }

    fn find(triple: &str, rustc: &Rustc, is_current: bool) -> Result<Self> {
        Ok(Self {
            triple: triple.to_owned(),
            rustc: if is_current { None } else { Some(rustc.program.clone()) },
            libdir: rustc.target_libdir(triple)?,
            flags: Vec::new(),
        })
    }
}

impl fmt::Display for WasmTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.triple, self.libdir.display())?;
        match &self.rustc {
            Some(rustc) => write!(f, " (compiled with RUSTC={})", rustc.display()),
            None => Ok(()),
        }
    }
}

/// Finds a compiler that has the target `triple`, or installs the target.
///
/// Uses an existing target; else runs `rustup target add`; else, on Debian with root rights, builds the standard
/// library from Debian's packages.
///
/// # Errors
///
/// If rustc does not know the target or it could not be installed; the error says what was tried and which commands
/// would help.
pub fn wasm_target(triple: &str) -> Result<WasmTarget> {
    let current = Rustc::current();
    if current.has_target(triple)? {
        return WasmTarget::find(triple, &current, true);
    }
    if let Some(debian) = debian::ready(triple, &current)? {
        return WasmTarget::find(triple, &debian, false);
    }
    eprintln!("  Installing {triple}, which `{}` lacks", current.program.display());
    let rustup = match rustup_target_add(triple) {
        Ok(()) if current.has_target(triple)? => {
            return WasmTarget::find(triple, &current, true);
        }
        Ok(()) => format!("it succeeded, but `{}` still lacks it", current.program.display()),
        Err(error) => format!("{error:#}"),
    };
    match debian::install(triple, &current) {
        Ok(rustc) => WasmTarget::find(triple, &rustc, false),
        Err(error) => bail!(missing(triple, &current.program, &rustup, &format!("{error:#}"))),
    }
}

fn rustup_target_add(triple: &str) -> Result<()> {
    let Some(rustup) = command::find("rustup") else { bail!("`rustup` is not on PATH") };
    command::run(Command::new(rustup).args(["target", "add", triple]))
}

fn missing(triple: &str, rustc: &Path, rustup: &str, debian: &str) -> String {
    let rustc = rustc.display();
    format!(
        "`{rustc}` has no standard library for {triple}, and it could not be installed.\n\
         rustup: {rustup}\n\
         Debian: {debian}\n\
         Run one of these, then try again:\n    \
         rustup target add {triple}\n    \
         sudo apt-get install --no-install-recommends rustc-web rust-web-src && \
         sudo cargo bysyncify setup --target {triple}\n\
         or set RUSTC to a compiler that has the target."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiler_is_set_only_where_it_is_not_the_usual_one() {
        let mut target = WasmTarget {
            triple: "wasm32-unknown-unknown".into(),
            rustc: None,
            libdir: "/lib/wasm".into(),
            flags: Vec::new(),
        };
        let mut command = Command::new("cargo");
        target.apply(&mut command);
        assert_eq!(command::shown(&command), "cargo");
        assert_eq!(target.to_string(), "wasm32-unknown-unknown: /lib/wasm");

        target.rustc = Some("/usr/bin/rustc".into());
        target.apply(&mut command);
        assert_eq!(command::shown(&command), "RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc cargo");
        assert_eq!(
            target.to_string(),
            "wasm32-unknown-unknown: /lib/wasm (compiled with RUSTC=/usr/bin/rustc)"
        );
    }

    #[test]
    fn message_names_what_was_tried_and_what_to_run() {
        assert_eq!(
            missing("T", Path::new("rustc"), "not there", "not root"),
            "`rustc` has no standard library for T, and it could not be installed.\n\
             rustup: not there\n\
             Debian: not root\n\
             Run one of these, then try again:\n    \
             rustup target add T\n    \
             sudo apt-get install --no-install-recommends rustc-web rust-web-src && \
             sudo cargo bysyncify setup --target T\n\
             or set RUSTC to a compiler that has the target."
        );
    }
}
