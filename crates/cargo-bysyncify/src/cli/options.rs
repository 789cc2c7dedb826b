//! The options that `build`, `run` and `test` add to cargo's, or have to know of.

use std::ffi::OsString;

use anyhow::{Context, Result, bail};

use super::{DEFAULT_TARGET, text};
use crate::link_options::LinkOptions;
use crate::watch::Watch;

/// What we read of a command line whose other words are cargo's to understand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) triple: String,
    pub(super) link: LinkOptions,
    pub(super) watch: Watch,
    /// All but what is ours alone.
    pub(super) rest: Vec<OsString>,
}

impl Options {
    /// Reads arguments of `cargo build` or `cargo test`.
    pub(super) fn read(arguments: &[OsString]) -> Result<Self> {
        let mut triple = None;
        let mut link = LinkOptions::default();
        let mut watch = Watch::default();
        let mut rest = Vec::new();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                rest.push(word.clone());
                rest.extend(words.cloned());
                break;
            }
            let word_text = word.to_string_lossy();
            let (name, value) = match word_text.split_once('=') {
                Some((name, value)) => (name, Some(OsString::from(value))),
                None => (&*word_text, None),
            };
            let mut value = || {
                let value = value.clone().or_else(|| words.next().cloned());
                text(value.with_context(|| format!("{name} needs a value"))?)
            };
            if name.strip_prefix("--").is_some_and(is_for_linker) {
                for_linker(&mut link, &name[2..], &mut value)?;
                continue;
            }
            match name {
                "--target" => {
                    if triple.replace(value()?).is_some() {
                        bail!("--target was given twice: build for one target at a time");
                    }
                }
                "--message-format" => {
                    let format = value()?;
                    watch.json |= is_json(&format);
                    rest.push(format!("{name}={format}").into());
                }
                "--color" => {
                    let colour = value()?;
                    rest.push(format!("{name}={colour}").into());
                    watch.colour = Some(colour);
                }
                _ => {
                    watch.quiet |= is_quiet(name);
                    rest.push(word.clone());
                }
            }
        }
        let triple = triple.unwrap_or_else(|| DEFAULT_TARGET.to_owned());
        Ok(Self { triple, link, watch, rest })
    }
}

/// Whether an option, without its dashes, is for the linker.
pub(super) fn is_for_linker(name: &str) -> bool {
    ["vouch", "suspends", "precise", "everything", "checks", "stack-checks"].contains(&name)
}

/// Takes such an option. `value` reads its value.
pub(super) fn for_linker(
    link: &mut LinkOptions,
    name: &str,
    mut value: impl FnMut() -> Result<String>,
) -> Result<()> {
    match name {
        "vouch" => link.vouch.extend(names(name, "core::fmt,some_crate", &value()?)?),
        "suspends" => link.suspends.extend(names(name, "env.sleep,env.fetch", &value()?)?),
        "precise" => link.precise = true,
        "everything" => link.everything = true,
        "checks" => link.checks = Some(is_on(name, &value()?)?),
        "stack-checks" => link.stack_checks = Some(is_on(name, &value()?)?),
        _ => bail!("`--{name}` is no option for the linker"),
    }
    Ok(())
}

/// The names in the value of an option that takes a list.
fn names(option: &str, example: &str, value: &str) -> Result<Vec<String>> {
    let names: Vec<_> = value.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        bail!("--{option} needs names, such as `--{option} {example}`, and not `{value}`");
    }
    Ok(names)
}

fn is_on(option: &str, value: &str) -> Result<bool> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => bail!("--{option} is `on` or `off`, and not `{value}`"),
    }
}

/// Whether a `--message-format` is for programs.
pub(super) fn is_json(format: &str) -> bool {
    format.split(',').any(|part| part.starts_with("json"))
}

/// Whether this is `-q`, alone or with others that have no value, or `--quiet`.
fn is_quiet(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    word == "--quiet" || letters.contains('q') && letters.chars().all(|c| "qrv".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    fn read(text: &str) -> Options {
        Options::read(&words(text)).unwrap()
    }

    #[test]
    fn target_is_taken_out_and_the_rest_is_cargos() {
        let options = read("--release --target a -p x -- --target b -q --message-format json");
        assert_eq!(options.triple, "a");
        assert_eq!(options.watch, Watch::default());
        let rest = "--release -p x -- --target b -q --message-format json";
        assert_eq!(options.rest, words(rest));
        assert_eq!(read("--target=a").triple, "a");
        assert_eq!(read("").triple, "wasm32-unknown-unknown");

        let message = |text| Options::read(&words(text)).unwrap_err().to_string();
        assert_eq!(
            message("--target a --target=b"),
            "--target was given twice: build for one target at a time"
        );
        assert_eq!(message("--target"), "--target needs a value");
    }

    #[test]
    fn options_for_the_linker_are_taken_out() {
        let options = read("--vouch core::fmt,a -r --everything --precise --vouch=b");
        let vouch = ["core::fmt", "a", "b"].map(str::to_owned).into();
        assert_eq!(
            options.link,
            LinkOptions { vouch, precise: true, everything: true, ..LinkOptions::default() }
        );
        assert_eq!(options.rest, words("-r"));
        let options = read("--suspends=env.a,env.b --checks=on -r --stack-checks off");
        let suspends = ["env.a", "env.b"].map(str::to_owned).into();
        let (checks, stack_checks) = (Some(true), Some(false));
        let expected = LinkOptions { suspends, checks, stack_checks, ..LinkOptions::default() };
        assert_eq!((options.link, options.rest), (expected, words("-r")));
        let message = |text| Options::read(&words(text)).unwrap_err().to_string();
        assert_eq!(
            message("--vouch a,,b"),
            "--vouch needs names, such as `--vouch core::fmt,some_crate`, and not `a,,b`"
        );
        assert_eq!(message("--stack-checks no"), "--stack-checks is `on` or `off`, and not `no`");
    }

    #[test]
    fn what_cargo_is_to_print_is_seen_and_left_to_cargo() {
        for (text, rest, watch) in [
            ("-q", "-q", Watch { quiet: true, ..Watch::default() }),
            ("-rqv", "-rqv", Watch { quiet: true, ..Watch::default() }),
            ("--quiet", "--quiet", Watch { quiet: true, ..Watch::default() }),
            ("-Fq -vv", "-Fq -vv", Watch::default()),
            ("--message-format short", "--message-format=short", Watch::default()),
            (
                "--message-format=json-diagnostic-short,json-render-diagnostics",
                "--message-format=json-diagnostic-short,json-render-diagnostics",
                Watch { json: true, ..Watch::default() },
            ),
            (
                "--message-format json --message-format short",
                "--message-format=json --message-format=short",
                Watch { json: true, ..Watch::default() },
            ),
            (
                "--color never",
                "--color=never",
                Watch { colour: Some("never".into()), ..Watch::default() },
            ),
        ] {
            let options = read(text);
            assert_eq!((options.watch, options.rest), (watch, words(rest)), "{text}");
        }
    }
}
