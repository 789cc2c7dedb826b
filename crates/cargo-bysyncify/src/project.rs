//! The programs of the user's workspace, and the choice of one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::{cargo, command};

/// A program that `cargo bysyncify run` can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// The package's name.
    pub(crate) package: String,
    /// The package's folder.
    pub(crate) folder: PathBuf,
    pub(crate) host: Host,
    pub(crate) kind: Kind,
    /// The target's name.
    pub(crate) name: String,
}

/// The means to run a package's modules, from its `package.metadata.bysyncify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// Node, without a script of its own.
    Node,
    /// A script for Node: `host`.
    Script(PathBuf),
    /// The page in this folder: `web`. `isolated = true` lets it share memory between threads.
    Page { folder: PathBuf, isolated: bool },
}

/// The kinds of target that make a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bin,
    Cdylib,
    Example,
}

/// What the user said about the program to run.
#[derive(Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct Wanted {
    /// A package (its binary or cdylib), an example or a binary; without it, the current package
    pub(crate) name: Option<String>,
    /// Where NAME alone could be several
    #[arg(short, long, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// Only this binary
    #[arg(long, value_name = "NAME")]
    pub(crate) bin: Option<String>,
    /// Only this example
    #[arg(long, value_name = "NAME")]
    pub(crate) example: Option<String>,
}

impl Program {
    /// The arguments that make cargo build only this program.
    pub(crate) fn cargo_arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["--package", &self.package];
        match self.kind {
            Kind::Bin => arguments.extend(["--bin", &self.name]),
            Kind::Cdylib => arguments.push("--lib"),
            Kind::Example => arguments.extend(["--example", &self.name]),
        }
        arguments
    }

    /// The arguments that select only this program: `-p hello --example world`.
    fn shown(&self) -> String {
        let Self { package, name, .. } = self;
        match self.kind {
            Kind::Bin => format!("-p {package} --bin {name}"),
            Kind::Cdylib => package.clone(),
            Kind::Example => format!("-p {package} --example {name}"),
        }
    }
}

/// All programs of the workspace of this manifest, or of the workspace in the current folder.
pub(crate) fn programs(manifest: Option<&Path>) -> Result<Vec<Program>> {
    programs_in(&metadata(manifest)?).context(UNEXPECTED)
}

/// The means to run the modules of the package in `folder`.
pub(crate) fn host_in(folder: &Path) -> Result<Host> {
    let manifest = folder.join("Cargo.toml");
    let metadata = metadata(Some(&manifest))?;
    let packages = metadata["packages"].as_array().context(UNEXPECTED)?;
    let is_meant = |package: &&Value| {
        package["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest)
    };
    Ok(packages.iter().find(is_meant).map_or(Host::Node, |package| host(package, folder)))
}

const UNEXPECTED: &str = "`cargo metadata` is not as expected";

fn metadata(manifest: Option<&Path>) -> Result<Value> {
    let mut cargo = Command::new(cargo::program());
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
    if let Some(manifest) = manifest {
        cargo.arg("--manifest-path").arg(manifest);
    }
    let printed = command::stdout(&mut cargo)?;
    serde_json::from_str(&printed).context("cannot read `cargo metadata`")
}

fn programs_in(metadata: &Value) -> Option<Vec<Program>> {
    let mut programs = Vec::new();
    for package in metadata["packages"].as_array()? {
        let name = package["name"].as_str()?;
        let folder = Path::new(package["manifest_path"].as_str()?).parent()?;
        for target in package["targets"].as_array()? {
            let Some(kind) = kind(target) else { continue };
            programs.push(Program {
                package: name.to_owned(),
                folder: folder.to_owned(),
                host: host(package, folder),
                kind,
                name: target["name"].as_str()?.to_owned(),
            });
        }
    }
    Some(programs)
}

fn host(package: &Value, folder: &Path) -> Host {
    let ours = &package["metadata"]["bysyncify"];
    match (ours["host"].as_str(), ours["web"].as_str()) {
        (Some(script), _) => Host::Script(folder.join(script)),
        (None, Some(page)) => {
            let isolated = ours["isolated"].as_bool().unwrap_or_default();
            Host::Page { folder: folder.join(page), isolated }
        }
        (None, None) => Host::Node,
    }
}

/// The kind of a target, in `cargo metadata` and in the messages of a build, if it makes a module.
fn kind(target: &Value) -> Option<Kind> {
    let has = |list: &str, wanted: &str| {
        target[list].as_array().is_some_and(|items| items.iter().any(|item| item == wanted))
    };
    let is_module = has("crate_types", "bin") || has("crate_types", "cdylib");
    if has("kind", "example") {
        is_module.then_some(Kind::Example)
    } else if has("kind", "bin") {
        Some(Kind::Bin)
    } else {
        has("kind", "cdylib").then_some(Kind::Cdylib)
    }
}

/// Chooses the program that the user means, where `current` is the current folder.
pub(crate) fn choose(programs: &[Program], wanted: &Wanted, current: &Path) -> Result<Program> {
    let home = programs
        .iter()
        .filter(|program| current.starts_with(&program.folder))
        .map(|program| &program.folder)
        .max_by_key(|folder| folder.components().count());
    let is_home = |program: &&Program| Some(&program.folder) == home;

    let in_package = |program: &&Program| {
        wanted.package.as_ref().is_none_or(|package| program.package == *package)
    };
    let allowed: Vec<&Program> = programs.iter().filter(in_package).collect();
    let pick = |is_meant: &dyn Fn(&Program) -> bool| -> Vec<&Program> {
        allowed.iter().copied().filter(|program| is_meant(program)).collect()
    };
    let named =
        |kind: Kind, name: &str| pick(&|program| program.kind == kind && program.name == name);

    let mut meant = match (&wanted.bin, &wanted.example, &wanted.name) {
        (Some(bin), _, _) => named(Kind::Bin, bin),
        (None, Some(example), _) => named(Kind::Example, example),
        (None, None, Some(name)) => {
            let package =
                pick(&|program| program.package == *name && program.kind != Kind::Example);
            if package.is_empty() { pick(&|program| program.name == *name) } else { package }
        }
        (None, None, None) => pick(&|program| program.kind != Kind::Example),
    };
    if meant.len() > 1 && meant.iter().any(is_home) {
        meant.retain(is_home);
    }
    match meant.as_slice() {
        [program] => Ok((*program).clone()),
        [] if allowed.is_empty() => bail!("there is no program here: {}", where_looked(wanted)),
        [] => bail!("there is no such program; there are:\n{}", listed(&allowed)),
        several => bail!("several programs could be meant; say which:\n{}", listed(several)),
    }
}

fn where_looked(wanted: &Wanted) -> String {
    match &wanted.package {
        Some(package) => format!("no package `{package}` with a binary, an example or a cdylib"),
        None => "no package of this workspace has a binary, an example or a cdylib".to_owned(),
    }
}

fn listed(programs: &[&Program]) -> String {
    let line = |program: &&Program| format!("    cargo bysyncify run {}", program.shown());
    programs.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The module that a build made from a program, according to the messages of `--message-format=json`.
pub(crate) fn module_in(messages: &str, program: &Program) -> Option<PathBuf> {
    messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(
        |message| {
            let target = &message["target"];
            let ours = message["reason"] == "compiler-artifact"
                && target["name"] == *program.name
                && kind(target) == Some(program.kind)
                && message["manifest_path"]
                    .as_str()
                    .is_some_and(|manifest| Path::new(manifest).parent() == Some(&program.folder));
            let files = message["filenames"].as_array().filter(|_| ours)?;
            let mut paths = files.iter().filter_map(Value::as_str).map(PathBuf::from);
            paths.find(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        },
    )
}

#[cfg(test)]
mod tests;
