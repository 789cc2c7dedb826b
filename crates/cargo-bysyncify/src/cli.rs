//! `cargo bysyncify`: what the user typed.

mod help;
mod options;
mod run;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use self::options::Options;
use crate::{cargo, command, launch, new, report, setup};

const DEFAULT_TARGET: &str = "wasm32-unknown-unknown";

/// Runs `cargo bysyncify` with the process's arguments (without its own name).
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    // Cargo gives a subcommand its own name first.
    let arguments = match arguments {
        [first, rest @ ..] if first == "bysyncify" => rest,
        all => all,
    };
    match dispatch(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[OsString]) -> Result<ExitCode> {
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", help::OVERVIEW);
        return Ok(ExitCode::FAILURE);
    };
    let name = name.to_string_lossy();
    // What comes later may be for the program that is run.
    let ours = if name == "runner" { rest.get(..1).unwrap_or_default() } else { rest };
    let mut ours = ours.iter().take_while(|word| *word != "--");
    if ours.any(|word| word == "--help" || word == "-h") {
        return explain(&name);
    }
    match &*name {
        "new" => create(rest),
        "run" => crate::run::run(&run::read("run", rest)?),
        "build" => build(rest),
        "test" => test(rest),
        "report" => report(rest),
        "setup" => prepare(rest),
        "runner" => launch::runner(rest),
        "-h" | "--help" | "help" => match rest.first() {
            Some(command) => explain(&command.to_string_lossy()),
            None => {
                print!("{}", help::OVERVIEW);
                Ok(ExitCode::SUCCESS)
            }
        },
        "-V" | "--version" => {
            println!("cargo-bysyncify {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
        other => Err(help::unknown_command(other)),
    }
}

fn explain(command: &str) -> Result<ExitCode> {
    print!("{}", help::of(command).ok_or_else(|| help::unknown_command(command))?);
    Ok(ExitCode::SUCCESS)
}

fn prepare(arguments: &[OsString]) -> Result<ExitCode> {
    let mut triples = Vec::new();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("target") => triples.push(text(parser.value()?)?),
            other => return Err(help::unknown_option("setup", &other)),
        }
    }
    if triples.is_empty() {
        triples.push(DEFAULT_TARGET.to_owned());
    }
    setup::prepare(&triples)?;
    Ok(ExitCode::SUCCESS)
}

fn build(arguments: &[OsString]) -> Result<ExitCode> {
    let options = Options::read(arguments)?;
    let mut cargo = cargo::command("build", &options.triple)?;
    options.link.apply(&mut cargo, &options.triple)?;
    options.watch.status(cargo.args(options.rest)).map(command::exit_code)
}

fn test(arguments: &[OsString]) -> Result<ExitCode> {
    let options = Options::read(arguments)?;
    let mut cargo = cargo::command("test", &options.triple)?;
    cargo::set_runner(&mut cargo, &options.triple, "--test")?;
    options.link.apply(&mut cargo, &options.triple)?;
    options.watch.status(cargo.args(options.rest)).map(command::exit_code)
}

fn report(arguments: &[OsString]) -> Result<ExitCode> {
    let (options, rest) = report::Options::take(arguments)?;
    report::report(&options, &run::read("report", &rest)?)
}

fn create(arguments: &[OsString]) -> Result<ExitCode> {
    new::new(&parse_new(arguments)?)?;
    Ok(ExitCode::SUCCESS)
}

fn parse_new(arguments: &[OsString]) -> Result<new::Request> {
    use lexopt::Arg::{Long, Value};

    let mut folder = None;
    let mut kind = new::Kind::Node;
    let mut library = None;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("web" | "bindgen") => kind = new::Kind::Web,
            Long("path") => library = Some(PathBuf::from(parser.value()?)),
            Value(path) if folder.is_none() => folder = Some(PathBuf::from(path)),
            Value(second) => bail!(
                "`{}` is one name too many: a project is made of one name, or the path of its \
                 folder",
                second.display()
            ),
            other => return Err(help::unknown_option("new", &other)),
        }
    }
    let folder =
        folder.context("say what the project is to be called: `cargo bysyncify new demo`")?;
    Ok(new::Request { folder, kind, library })
}

fn text(value: OsString) -> Result<String> {
    value.into_string().map_err(|value| anyhow::anyhow!("`{}` is not UTF-8", value.display()))
}
