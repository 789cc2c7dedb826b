//! `cargo bysyncify completions`: the words that a shell offers.
//!
//! Users type `cargo bysyncify`, but for a shell the command is `cargo`. In three shells, its completions can include
//! ours. Zsh's completion for cargo calls the function `_cargo-bysyncify`; in bash our function runs before that of
//! cargo; fish combines all completions that it gets for a command. The other shells complete `cargo-bysyncify`.

use std::io::{self, Write as _};

use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::Cli;

/// The program's own name, without cargo.
const PROGRAM: &str = "cargo-bysyncify";

/// Prints a script for a shell.
pub(super) fn print(shell: Shell) -> Result<()> {
    // If the reader of the output has ended, that is an error, not a panic.
    Ok(io::stdout().write_all(&script(shell))?)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    let mut own = Cli::command();
    match shell {
        Shell::Bash => {
            // The generated script does not find its own subcommands if the name has a dash in it.
            generate(shell, &mut own, "bysyncify", &mut script);
            script.extend(include_bytes!("completions.bash"));
        }
        Shell::Fish => {
            generate(shell, &mut own, PROGRAM, &mut script);
            // Without options of its own: those of cargo are not ours to complete.
            let mut cargo = clap::Command::new("cargo")
                .disable_help_flag(true)
                .disable_help_subcommand(true)
                .subcommand(Cli::command().name("bysyncify"));
            generate(shell, &mut cargo, "cargo", &mut script);
        }
        _ => generate(shell, &mut own, PROGRAM, &mut script),
    }
    script
}
