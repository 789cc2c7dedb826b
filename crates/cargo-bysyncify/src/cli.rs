//! `cargo bysyncify`: the command line.

mod build;
mod completions;
mod program;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use clap_complete::Shell;

use self::build::{BuildArguments, CargoCall};
use self::program::ProgramArguments;
use crate::{cargo, command, launch, new, report, rerun, run, setup, trace};

/// The commands that accept cargo's options.
const CARGOS: [&str; 4] = ["build", "test", "check", "clippy"];

/// Builds, runs and tests programs that use bysyncify
///
/// It is cargo with two things added: what is needed is installed, and what is linked for wasm
/// goes through Asyncify. Modules that do not use bysyncify come out as they would without it.
#[derive(Debug, Parser)]
#[command(name = "cargo-bysyncify", bin_name = "cargo bysyncify", version, term_width = 96)]
#[command(after_help = include_str!("cli/after_help.txt"))]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::Request),
    Init(new::InitRequest),
    /// Builds a program and runs it, in Node or in a browser
    ///
    /// For debugging unless --release is given. The exit status is the program's. Who runs it is said in the package's Cargo.toml, under
    /// [package.metadata.bysyncify]:
    ///
    /// `host = "host.mjs"`: `node host.mjs MODULE arguments` does.
    ///
    /// `web = "web"`: a browser does. The folder is served at http://127.0.0.1:8000/, or at another
    /// port if that is taken (`-- --port N` chooses one), with what wasm-bindgen makes of the module
    /// in `pkg/`. wasm-bindgen's command line tool is found on PATH or installed, in the version the
    /// module needs. `isolated = true` beside it sends the headers that make the page cross-origin
    /// isolated, which shared memory needs.
    ///
    /// Else Node does, if the module imports nothing (its `main` or `_start` is called) or only
    /// WASI.
    Run {
        /// Build and run it again whenever one of its files has changed
        #[arg(long)]
        watch: bool,
        /// Show the page in a browser
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        program: ProgramArguments,
        /// The program's own arguments
        #[arg(last = true, help_heading = "Arguments")]
        arguments: Vec<OsString>,
    },
    /// Like `cargo build`, for a wasm target
    ///
    /// For debugging unless --release is given.
    #[command(override_usage = "cargo bysyncify build [OPTIONS] [options of `cargo build`]")]
    Build(BuildArguments),
    /// Like `cargo test`, for a wasm target
    ///
    /// On wasm32-unknown-unknown a program has no output and no arguments. All tests run; the
    /// first that fails stops them, with an exit status and a stack that names it, but without its
    /// message. A filter has no effect, and `should_panic` tests are ignored. Tests that use
    /// wasm-bindgen are run by wasm-bindgen-test-runner, others that import something by the
    /// package's host script (see `cargo bysyncify help run`).
    ///
    /// On wasm32-wasip1 tests run as on any other target, with Rust's own standard library. With the
    /// one that `setup` makes of Debian's packages, libtest does not link.
    #[command(
        override_usage = "cargo bysyncify test [OPTIONS] [options of `cargo test`] [-- ARGUMENTS]"
    )]
    Test(BuildArguments),
    /// Like `cargo check`, for a wasm target
    #[command(override_usage = "cargo bysyncify check [OPTIONS] [options of `cargo check`]")]
    Check(CargoCall),
    /// Like `cargo clippy`, for a wasm target
    #[command(
        override_usage = "cargo bysyncify clippy [OPTIONS] [options of `cargo clippy`] [-- LINTS]"
    )]
    Clippy(CargoCall),
    /// Removes what was installed for this program alone
    ///
    /// That is in its own folder (see BYSYNCIFY_CACHE): wasm-opt, wasm-bindgen's command line tool, standard
    /// libraries. What is needed is installed again the next time. What has not been used for 90 days goes
    /// by itself. For what was built there is `cargo clean`.
    Clean,
    /// Says what is instrumented, why, and what it costs
    ///
    /// Builds the program as `run --release` does, with the same options, and compares it with what the same
    /// wasm-opt makes of it without Asyncify. MODULE.wasm in place of a program's name is there
    /// already: a module that our linker made, or one that is only linked, best with --emit-relocs.
    /// That is asyncified to see what it would be; it is not changed, and what was made of it is
    /// kept beside it in MODULE.bysyncify.
    ///
    /// What is in data, exports and so on is one line; functions' names are not counted. A
    /// function's own cost depends on what is inlined into it with and without Asyncify, but the
    /// sums are exact. What it would save to assume that one crate or module never suspends is
    /// said, too: whether that is true is yours to know.
    Report {
        #[command(flatten)]
        options: report::Options,
        #[command(flatten)]
        program: ProgramArguments,
    },
    /// Installs what the others need
    ///
    /// Makes sure of the wasm target, wasm-opt and Node, and says where they are. The other
    /// commands do so too, but for wasm-opt, which optimises release builds if it is there.
    Setup {
        /// The targets
        #[arg(long, value_name = "T", default_value = cargo::DEFAULT_TARGET)]
        target: Vec<String>,
    },
    /// Runs a finished module, for cargo to call
    ///
    /// As `cargo bysyncify run` does. It is for cargo to call, so that `cargo run` and `cargo test`
    /// work:
    ///
    /// [target.wasm32-unknown-unknown]
    /// runner = "cargo-bysyncify runner"
    #[command(verbatim_doc_comment)]
    #[command(override_usage = "cargo bysyncify runner [--test] MODULE [ARGUMENTS]")]
    Runner {
        /// The module has tests in it; known without this if it lies in `deps`
        #[arg(long)]
        test: bool,
        /// The module, and the program's own arguments, whatever they look like
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        module: Vec<OsString>,
    },
    /// Says in a stack trace where in the program its places are
    ///
    /// Reads the trace on the standard input, as Node and Chromium show it, with places such as
    /// `wasm-function[12]:0x1b31`, and writes it with files and lines, if the module has DWARF: debug
    /// builds have. `run` does this by itself.
    Trace {
        /// The module that the trace is of
        module: PathBuf,
    },
    /// Prints a script that completes command lines
    ///
    /// bash, in ~/.bashrc, after cargo's own completions:
    ///     source <(cargo bysyncify completions bash)
    /// zsh, once, for a folder of $fpath:
    ///     cargo bysyncify completions zsh > ~/.zfunc/_cargo-bysyncify
    /// fish, in ~/.config/fish/config.fish:
    ///     cargo bysyncify completions fish | source
    ///
    /// elvish and PowerShell complete `cargo-bysyncify`, the program's own name, and not
    /// `cargo bysyncify`.
    #[command(verbatim_doc_comment)]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Runs `cargo bysyncify` with the process's arguments (without its own name).
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    // Cargo passes a subcommand its own name as the first argument.
    let arguments = match arguments {
        [first, rest @ ..] if first == "bysyncify" => rest,
        all => all,
    };
    let result = parse(arguments).map_err(Into::into).and_then(|cli| execute(cli.command));
    result.unwrap_or_else(|error: anyhow::Error| match error.downcast_ref::<clap::Error>() {
        Some(error) => {
            // If the reader of the output has ended, that is no error of ours.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
        }
        None => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    })
}

fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let arguments = match arguments {
        [command, rest @ ..] if command.to_str().is_some_and(|name| CARGOS.contains(&name)) => {
            build::ours_first(command, rest)
        }
        all => all.to_vec(),
    };
    Cli::try_parse_from([OsString::from("cargo bysyncify")].into_iter().chain(arguments))
}

fn execute(command: Command) -> Result<ExitCode> {
    match command {
        Command::New(request) => new::new(&request)?,
        Command::Run { program, watch, open, arguments } => {
            let request = run::Request { open, ..program.request("dev") };
            if !watch {
                return run::run(&request, &arguments);
            }
            rerun::run(&request, &arguments)?;
        }
        Command::Init(request) => new::init(&request)?,
        Command::Build(arguments) => return build(&arguments, "build"),
        Command::Test(arguments) => return build(&arguments, "test"),
        Command::Check(arguments) => return check(&arguments, "check"),
        Command::Clippy(arguments) => return check(&arguments, "clippy"),
        Command::Clean => setup::clean()?,
        Command::Report { options, program } => return program.report(options),
        Command::Setup { target } => setup::prepare(&target)?,
        Command::Runner { test, module } => {
            // Clap has checked that there is a first argument.
            let (module, arguments) = module.split_first().expect("an argument that is required");
            return launch::runner(test, &PathBuf::from(module), arguments);
        }
        Command::Trace { module } => trace::rewrite_input(&module)?,
        Command::Completions { shell } => completions::print(shell)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn build(arguments: &BuildArguments, subcommand: &str) -> Result<ExitCode> {
    let BuildArguments { cargo: words, link } = arguments;
    let triple = words.target();
    let mut cargo = cargo::command(subcommand, &triple)?;
    if subcommand == "test" {
        cargo::set_runner(&mut cargo, &triple, "--test")?;
    }
    link.apply(&mut cargo, &triple)?;
    cargo.args(words.for_cargo());
    words.watch().status(&mut cargo).map(command::exit_code)
}

/// Has cargo check a program without linking it.
fn check(words: &CargoCall, subcommand: &str) -> Result<ExitCode> {
    let mut cargo = cargo::command(subcommand, &words.target())?;
    cargo.args(words.for_cargo());
    words.watch().status(&mut cargo).map(command::exit_code)
}

#[cfg(test)]
mod tests;
