//! `cargo-bysyncify`: see `cargo_bysyncify::main`, which implements both programs.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_bysyncify::main(std::env::args_os().collect())
}
