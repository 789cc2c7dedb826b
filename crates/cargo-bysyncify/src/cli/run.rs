//! The arguments of `cargo bysyncify run`.

use std::ffi::OsString;

use anyhow::{Result, bail};

use super::{DEFAULT_TARGET, help, options, text};
use crate::link_options::LinkOptions;
use crate::project::Wanted;
use crate::run::Request;
use crate::watch::Watch;

/// Reads the arguments of a command that takes those of `run`.
pub(super) fn read(command: &str, arguments: &[OsString]) -> Result<Request> {
    use lexopt::Arg::{Long, Short, Value};

    // All after the first `--` is the program's, whatever it looks like.
    let end = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    let mut request = Request {
        wanted: Wanted::default(),
        triple: DEFAULT_TARGET.to_owned(),
        profile: "release".to_owned(),
        link: LinkOptions::default(),
        watch: Watch::default(),
        message_format: None,
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
            Long(name) if options::is_for_linker(name) => {
                let name = name.to_owned();
                options::for_linker(&mut request.link, &name, || text(parser.value()?))?;
            }
            Long("message-format") => {
                let format = text(parser.value()?)?;
                request.watch.json = options::is_json(&format);
                // We need cargo's messages for programs whatever people are to see.
                request.message_format = match format.as_str() {
                    "human" => None,
                    "short" => Some("json-render-diagnostics,json-diagnostic-short".to_owned()),
                    _ => Some(format),
                };
            }
            Long("color") => {
                let colour = text(parser.value()?)?;
                request.cargo_options.push(format!("--color={colour}").into());
                request.watch.colour = Some(colour);
            }
            Short('F') | Long("features") => {
                request.cargo_options.push("--features".into());
                request.cargo_options.push(parser.value()?);
            }
            Short('q') | Long("quiet") => {
                request.watch.quiet = true;
                request.cargo_options.push("--quiet".into());
            }
            Short('v') | Long("verbose") => request.cargo_options.push("--verbose".into()),
            Long(
                flag @ ("no-default-features" | "all-features" | "locked" | "offline" | "frozen"),
            ) => request.cargo_options.push(format!("--{flag}").into()),
            Value(name) if request.wanted.name.is_none() => {
                request.wanted.name = Some(text(name)?);
            }
            Value(second) if command == "run" => bail!(
                "`{}` is one name too many: the program's own arguments come after `--`",
                second.display()
            ),
            other => return Err(help::unknown_option(command, &other)),
        }
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    fn request(text: &str) -> Result<Request, String> {
        read("run", &words(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn run_is_for_release_unless_said_otherwise() {
        assert_eq!(request("").unwrap().profile, "release");
        assert_eq!(request("--dev").unwrap().profile, "dev");
        assert_eq!(request("--profile small").unwrap().profile, "small");
    }

    #[test]
    fn own_options_are_told_from_cargos_and_the_programs() {
        let request = request(
            "demo -p pkg --target T -F a,b --locked -qv --vouch a,b --everything -- --dev -- x",
        )
        .unwrap();
        assert_eq!(request.wanted.name.as_deref(), Some("demo"));
        assert_eq!(request.wanted.package.as_deref(), Some("pkg"));
        assert_eq!(request.triple, "T");
        assert_eq!(request.profile, "release");
        assert_eq!(request.cargo_options, words("--features a,b --locked --quiet --verbose"));
        let vouch = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(request.link, LinkOptions { vouch, everything: true, ..LinkOptions::default() });
        assert_eq!(request.watch, Watch { quiet: true, ..Watch::default() });
        assert_eq!(request.arguments, words("--dev -- x"));
    }

    #[test]
    fn cargos_messages_are_for_programs_in_every_format() {
        for (format, for_cargo, json) in [
            ("human", None, false),
            ("short", Some("json-render-diagnostics,json-diagnostic-short"), false),
            ("json", Some("json"), true),
            ("json-diagnostic-short", Some("json-diagnostic-short"), true),
        ] {
            let request = request(&format!("--message-format {format}")).unwrap();
            assert_eq!((request.message_format.as_deref(), request.watch.json), (for_cargo, json));
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert_eq!(
            request("demo input.txt").unwrap_err(),
            "`input.txt` is one name too many: the program's own arguments come after `--`"
        );
        assert_eq!(
            request("--vuoch x").unwrap_err(),
            "`--vuoch` is no option of `cargo bysyncify run`: did you mean `--vouch`? \
             `cargo bysyncify help run` lists them"
        );
    }

    #[test]
    fn other_commands_that_read_these_are_named() {
        assert_eq!(
            read("report", &words("demo input.txt")).unwrap_err().to_string(),
            "`input.txt` is no option of `cargo bysyncify report`: `cargo bysyncify help report` \
             lists them"
        );
    }
}
