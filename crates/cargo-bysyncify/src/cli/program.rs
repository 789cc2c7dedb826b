//! The arguments of `run` and `report`: which program, and how to build it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Parser};

use super::build::Shown;
use crate::cargo;
use crate::link_options::LinkOptions;
use crate::project::Wanted;
use crate::report;
use crate::run::Request;

/// A program, and how to build it.
#[derive(Debug, PartialEq, Eq, Parser)]
pub(super) struct ProgramArguments {
    #[command(flatten)]
    wanted: Wanted,
    /// The target; without it the one that `build.target` of cargo's configuration names, if that is WebAssembly,
    /// or else wasm32-unknown-unknown
    #[arg(long, value_name = "T")]
    target: Option<String>,
    /// For debugging, as `run` does without it
    #[arg(long, overrides_with_all = ["release", "profile"])]
    dev: bool,
    /// For release, as `report` does without it
    #[arg(short, long, overrides_with = "profile")]
    release: bool,
    /// With another profile
    #[arg(long, value_name = "P")]
    profile: Option<String>,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    shown: Shown,
    #[command(flatten)]
    cargo: CargoArguments,
}

/// Options that only cargo uses.
#[derive(Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "As for cargo")]
struct CargoArguments {
    /// Features to turn on
    #[arg(short = 'F', long, value_name = "LIST")]
    features: Vec<String>,
    /// Turn all features on
    #[arg(long)]
    all_features: bool,
    /// Leave the default ones off
    #[arg(long)]
    no_default_features: bool,
    /// How many jobs at once
    #[arg(short, long, value_name = "N")]
    jobs: Option<String>,
    /// The Cargo.toml of the package or the workspace
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// A setting of cargo's configuration
    #[arg(long, value_name = "KEY=VALUE")]
    config: Vec<String>,
    /// An unstable flag
    #[arg(short = 'Z', value_name = "FLAG")]
    unstable: Vec<String>,
    /// Cargo.lock must be up to date
    #[arg(long)]
    locked: bool,
    /// Without the network
    #[arg(long)]
    offline: bool,
    /// Both of these
    #[arg(long)]
    frozen: bool,
    /// Print less
    #[arg(short, long)]
    quiet: bool,
    /// Print more
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl CargoArguments {
    /// The options, as arguments for cargo.
    fn words(&self, color: Option<&String>) -> Vec<OsString> {
        let flags = [
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
            ("--locked", self.locked),
            ("--offline", self.offline),
            ("--frozen", self.frozen),
            ("--quiet", self.quiet),
        ];
        let lists =
            [("--features", &self.features), ("--config", &self.config), ("-Z", &self.unstable)];
        let lists = lists.iter().flat_map(|(name, list)| list.iter().map(move |it| (*name, it)));
        let jobs = self.jobs.iter().map(|jobs| ("--jobs", jobs));
        let values = lists.chain(jobs).chain(color.map(|color| ("--color", color)));
        let mut words: Vec<OsString> = Vec::new();
        words.extend(flags.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name.into()));
        words.extend((0..self.verbose).map(|_| "--verbose".into()));
        words.extend(values.flat_map(|(name, value)| [name.into(), value.into()]));
        if let Some(path) = &self.manifest_path {
            words.extend(["--manifest-path".into(), path.into()]);
        }
        words
    }
}

impl ProgramArguments {
    /// The request. The default profile is used if the user names none.
    pub(super) fn request(self, default_profile: &str) -> Request {
        let Self { wanted, target, dev, release, profile, link, shown, cargo: options } = self;
        let named = match (dev, release) {
            (true, _) => Some("dev".to_owned()),
            (_, true) => Some("release".to_owned()),
            _ => profile,
        };
        Request {
            wanted,
            triple: cargo::target(target.as_deref()),
            profile: named.unwrap_or_else(|| default_profile.to_owned()),
            link,
            watch: shown.watch(options.quiet),
            // We need cargo's messages in JSON, whatever format the user wants.
            message_format: match shown.message_format().as_deref() {
                None | Some("human") => None,
                Some("short") => Some("json-render-diagnostics,json-diagnostic-short".to_owned()),
                Some(other) => Some(other.to_owned()),
            },
            cargo_options: options.words(shown.color.as_ref()),
            manifest: options.manifest_path,
            open: false,
        }
    }

    /// Reports on the program, or on an existing module.
    pub(super) fn report(mut self, options: report::Options) -> Result<ExitCode> {
        options.check()?;
        let is_module = |name: &&String| name.ends_with(".wasm");
        let module = self.wanted.name.as_ref().filter(is_module).map(PathBuf::from);
        if let Some(module) = &module {
            self.wanted.name = None;
            // These options apply to an existing module, too.
            let assume_no_suspend = self.link.assume_no_suspend.clone();
            let precise = self.link.precise;
            let nothing = Self::parse_from(["report"]);
            let link = LinkOptions { assume_no_suspend, precise, ..LinkOptions::default() };
            if self != (Self { link, ..nothing }) {
                let module = module.display();
                bail!(
                    "`{module}` is built already, and has only --assume-no-suspend and --precise of the options \
                     that say how to build: leave out the others"
                );
            }
        }
        report::report(&options, module, &self.request("release"))
    }
}
