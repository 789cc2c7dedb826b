//! `cargo bysyncify completions`: the words that a shell offers.
//!
//! People type `cargo bysyncify`, which is a command of cargo's to a shell. How that asks another's completions is
//! known for three: zsh's for cargo calls the function `_cargo-bysyncify`, in bash we stand before cargo's, and
//! fish adds up what it is told of a command. The others complete `cargo-bysyncify`.

use std::io::{self, Write as _};

use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::Cli;

/// The program's name, where it is not cargo that runs it.
const PROGRAM: &str = "cargo-bysyncify";

/// Prints a script for a shell.
pub(super) fn print(shell: Shell) -> Result<()> {
    // A reader that has gone away is an error, and no panic.
    Ok(io::stdout().write_all(&script(shell))?)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    let mut own = Cli::command();
    match shell {
        Shell::Bash => {
            // What is generated for a name with a dash in it does not find its own commands.
            generate(shell, &mut own, "bysyncify", &mut script);
            script.extend(include_bytes!("completions.bash"));
        }
        Shell::Fish => {
            generate(shell, &mut own, PROGRAM, &mut script);
            // With nothing of its own, as cargo's options are not ours to say.
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
