//! The arguments of `build`, `test`, `check` and so on: our options are mixed with those of cargo.

use std::ffi::{OsStr, OsString};

use clap::{Args, CommandFactory as _};

use super::Cli;
use crate::cargo;
use crate::link_options::LinkOptions;
use crate::watch::Watch;

/// The options of ours in the command line of a command that links.
#[derive(Debug, PartialEq, Eq, Args)]
pub(super) struct BuildArguments {
    #[command(flatten)]
    pub(super) cargo: CargoCall,
    #[command(flatten)]
    pub(super) link: LinkOptions,
}

/// The options of ours in a command line whose other words only cargo understands.
#[derive(Debug, PartialEq, Eq, Args)]
pub(super) struct CargoCall {
    /// The target; without it the one that `build.target` of cargo's configuration names, if that is WebAssembly,
    /// or else wasm32-unknown-unknown
    #[arg(long, value_name = "T")]
    pub(super) target: Option<String>,
    #[command(flatten)]
    shown: Shown,
    /// What is cargo's.
    #[arg(last = true, hide = true)]
    rest: Vec<OsString>,
}

/// Options of cargo about its messages: they are ours, too.
#[derive(Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "As for cargo")]
pub(super) struct Shown {
    /// How messages are printed
    ///
    /// With `json` and its like there is a message of ours for each module. Its `reason` is
    /// "bysyncify-module"; it has `module` (the path), `bytes_before`, `bytes_after`, `functions`,
    /// `instrumented`, `seconds` (of each phase), `reused` and `lacks_wasm_opt`. If it failed, the
    /// `reason` is "bysyncify-error", with `module` and `message`. The same of a warning has
    /// "bysyncify-warning".
    #[arg(long, value_name = "F")]
    message_format: Vec<String>,
    /// When they are coloured
    #[arg(long, value_name = "WHEN")]
    pub(super) color: Option<String>,
}

impl Shown {
    /// The values of `--message-format`, if there are any, joined as cargo accepts them.
    pub(super) fn message_format(&self) -> Option<String> {
        (!self.message_format.is_empty()).then(|| self.message_format.join(","))
    }

    pub(super) fn watch(&self, quiet: bool) -> Watch {
        let is_json = |format: &String| format.split(',').any(|part| part.starts_with("json"));
        let json = self.message_format.iter().any(is_json);
        Watch { quiet, json, colour: self.color.clone() }
    }
}

impl CargoCall {
    /// The target.
    pub(super) fn target(&self) -> String {
        cargo::target(self.target.as_deref())
    }

    /// The arguments for cargo.
    pub(super) fn for_cargo(&self) -> impl Iterator<Item = OsString> {
        let format = self.shown.message_format().map(|it| format!("--message-format={it}").into());
        let color = self.shown.color.as_ref().map(|it| format!("--color={it}").into());
        format.into_iter().chain(color).chain(self.rest.iter().cloned())
    }

    pub(super) fn watch(&self) -> Watch {
        let mut for_cargo = self.rest.iter().take_while(|word| *word != "--");
        self.shown.watch(for_cargo.any(|word| is_quiet(&word.to_string_lossy())))
    }
}

/// Reorders the arguments of a command: ours first, then a `--`, then those of cargo. Clap does not know cargo's
/// options, nor which of them have a value.
pub(super) fn ours_first(command: &OsStr, arguments: &[OsString]) -> Vec<OsString> {
    let mut cli = Cli::command();
    cli.build();
    let known = cli.find_subcommand(command).expect("a command of ours");
    let (mut ours, mut cargos) = (vec![command.to_owned()], vec!["--".into()]);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            cargos.push(word.clone());
            cargos.extend(words.cloned());
            break;
        }
        let text = word.to_string_lossy();
        let (name, value) = text.split_once('=').unzip();
        let name = name.unwrap_or(&text);
        let is_meant = |long: Option<&str>| long.is_some() && name.strip_prefix("--") == long;
        let option = known.get_arguments().find(|option| is_meant(option.get_long()));
        match option {
            Some(option) => {
                ours.push(word.clone());
                if option.get_action().takes_values() && value.is_none() {
                    ours.extend(words.next().cloned());
                }
            }
            None if name == "-h" => ours.push(word.clone()),
            None => cargos.push(word.clone()),
        }
    }
    ours.append(&mut cargos);
    ours
}

/// Whether this is `-q`, alone or together with other flags, or `--quiet`.
fn is_quiet(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    word == "--quiet" || letters.contains('q') && letters.chars().all(|c| "qrv".contains(c))
}
