//! `cargo bysyncify`: what the user typed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::project::Wanted;
use crate::run::{self, Request};
use crate::{cargo, command, launch, new, setup};

const HELP: &str = include_str!("help.txt");

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
        print!("{HELP}");
        return Ok(ExitCode::FAILURE);
    };
    let wants_help =
        rest.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h");
    let name = name.to_string_lossy();
    if wants_help && name != "runner" {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    match &*name {
        "new" => create(rest),
        "setup" => prepare(rest),
        "build" => build(rest),
        "run" => run::run(&parse_run(rest)?),
        "test" => test(rest),
        "runner" => launch::runner(rest),
        "-h" | "--help" | "help" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        "-V" | "--version" => {
            println!("cargo-bysyncify {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
        other => bail!(
            "there is no command `{other}`: use new, build, run, test or setup \
             (`cargo bysyncify --help` explains them)"
        ),
    }
}

fn prepare(arguments: &[OsString]) -> Result<ExitCode> {
    let mut triples = Vec::new();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("target") => triples.push(text(parser.value()?)?),
            other => return Err(other.unexpected().into()),
        }
    }
    if triples.is_empty() {
        triples.push(DEFAULT_TARGET.to_owned());
    }
    setup::prepare(&triples)?;
    Ok(ExitCode::SUCCESS)
}

fn build(arguments: &[OsString]) -> Result<ExitCode> {
    let (triple, rest) = take_target(arguments)?;
    command::status(cargo::command("build", &triple)?.args(rest))
}

fn test(arguments: &[OsString]) -> Result<ExitCode> {
    let (triple, rest) = take_target(arguments)?;
    let mut command = cargo::command("test", &triple)?;
    cargo::set_runner(&mut command, &triple, "--test")?;
    command::status(command.args(rest))
}

fn create(arguments: &[OsString]) -> Result<ExitCode> {
    new::new(&parse_new(arguments)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Takes `--target` out of arguments that are else cargo's to understand.
fn take_target(arguments: &[OsString]) -> Result<(String, Vec<OsString>)> {
    let mut triple = None;
    let mut rest = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            rest.push(word.clone());
            rest.extend(words.by_ref().cloned());
            break;
        }
        let value = if word == "--target" {
            let value = words.next().context("--target needs a value, such as wasm32-wasip1")?;
            Some(text(value.clone())?)
        } else {
            word.to_str().and_then(|word| word.strip_prefix("--target=")).map(str::to_owned)
        };
        let Some(value) = value else {
            rest.push(word.clone());
            continue;
        };
        if triple.replace(value).is_some() {
            bail!("--target was given twice: build for one target at a time");
        }
    }
    Ok((triple.unwrap_or_else(|| DEFAULT_TARGET.to_owned()), rest))
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
            other => return Err(other.unexpected().into()),
        }
    }
    let folder =
        folder.context("say what the project is to be called: `cargo bysyncify new demo`")?;
    Ok(new::Request { folder, kind, library })
}

fn parse_run(arguments: &[OsString]) -> Result<Request> {
    use lexopt::Arg::{Long, Short, Value};

    // All after the first `--` is the program's, whatever it looks like.
    let end = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    let mut request = Request {
        wanted: Wanted::default(),
        triple: DEFAULT_TARGET.to_owned(),
        profile: "release".to_owned(),
        cargo_options: Vec::new(),
        arguments: arguments.iter().skip(end + 1).cloned().collect(),
    };
    let mut parser = lexopt::Parser::from_args(&arguments[..end]);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('p') | Long("package") => request.wanted.package = Some(text(parser.value()?)?),
            Long("example") => request.wanted.example = Some(text(parser.value()?)?),
            Long("bin") => request.wanted.bin = Some(text(parser.value()?)?),
            Long("target") => request.triple = text(parser.value()?)?,
            Long("dev") => request.profile = "dev".to_owned(),
            Short('r') | Long("release") => request.profile = "release".to_owned(),
            Long("profile") => request.profile = text(parser.value()?)?,
            Short('F') | Long("features") => {
                request.cargo_options.push("--features".into());
                request.cargo_options.push(parser.value()?);
            }
            Short(flag @ ('q' | 'v')) => request.cargo_options.push(format!("-{flag}").into()),
            Long(
                flag @ ("no-default-features"
                | "all-features"
                | "locked"
                | "offline"
                | "frozen"
                | "quiet"
                | "verbose"),
            ) => request.cargo_options.push(format!("--{flag}").into()),
            Value(name) if request.wanted.name.is_none() => {
                request.wanted.name = Some(text(name)?);
            }
            Value(second) => bail!(
                "`{}` is one name too many: the program's own arguments come after `--`",
                second.display()
            ),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(request)
}

fn text(value: OsString) -> Result<String> {
    value.into_string().map_err(|value| anyhow::anyhow!("`{}` is not UTF-8", value.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    fn run_request(text: &str) -> Result<Request, String> {
        parse_run(&words(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn target_is_taken_out_and_the_rest_is_cargos() {
        assert_eq!(
            take_target(&words("--release --target a -p x -- --target b")).unwrap(),
            ("a".into(), words("--release -p x -- --target b"))
        );
        assert_eq!(take_target(&words("--target=a")).unwrap(), ("a".into(), vec![]));
        assert_eq!(
            take_target(&words("-q")).unwrap(),
            ("wasm32-unknown-unknown".into(), words("-q"))
        );
        let message = |text| take_target(&words(text)).unwrap_err().to_string();
        assert_eq!(
            message("--target a --target=b"),
            "--target was given twice: build for one target at a time"
        );
        assert_eq!(message("--target"), "--target needs a value, such as wasm32-wasip1");
    }

    #[test]
    fn run_is_for_release_unless_said_otherwise() {
        assert_eq!(run_request("").unwrap().profile, "release");
        assert_eq!(run_request("--dev").unwrap().profile, "dev");
        assert_eq!(run_request("--profile small").unwrap().profile, "small");
    }

    #[test]
    fn run_tells_its_own_options_from_cargos_and_the_programs() {
        let request =
            run_request("demo -p pkg --target T -F a,b --locked -v -- --dev -- x").unwrap();
        assert_eq!(request.wanted.name.as_deref(), Some("demo"));
        assert_eq!(request.wanted.package.as_deref(), Some("pkg"));
        assert_eq!(request.triple, "T");
        assert_eq!(request.profile, "release");
        assert_eq!(request.cargo_options, words("--features a,b --locked -v"));
        assert_eq!(request.arguments, words("--dev -- x"));
    }

    #[test]
    fn run_refuses_what_it_does_not_know() {
        assert_eq!(
            run_request("demo input.txt").unwrap_err(),
            "`input.txt` is one name too many: the program's own arguments come after `--`"
        );
        assert_eq!(run_request("--fast").unwrap_err(), "invalid option '--fast'");
    }

    #[test]
    fn unknown_command_names_those_there_are() {
        assert_eq!(
            dispatch(&words("biuld")).unwrap_err().to_string(),
            "there is no command `biuld`: use new, build, run, test or setup \
             (`cargo bysyncify --help` explains them)"
        );
    }
}
