//! Published packages: checks that no file is missing, and that each builds from its packed files alone.

use std::collections::HashSet;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{Context, quietly};
use crate::process;
use crate::workspace::Package;

/// Files that each package must have, wherever it is unpacked.
const IN_EACH: [&str; 3] = ["Cargo.toml", "LICENSE", "README.md"];

/// Files that two crates have a copy of, because a package cannot contain files of the other.
const COPIES: [[&str; 2]; 3] = [
    ["build/linker_abi.rs", "crates/wasm-asyncify/src/abi.rs"],
    ["LICENSE", "crates/wasm-asyncify/LICENSE"],
    ["LICENSE", "crates/cargo-bysyncify/LICENSE"],
];

pub(super) fn check(context: &Context) -> Result<()> {
    let root = &context.workspace.root;
    let mut faults = Vec::new();
    for [original, copy] in COPIES {
        let read =
            |name| fs::read(root.join(name)).with_context(|| format!("cannot read `{name}`"));
        if read(original)? != read(copy)? {
            faults.push(format!("`{copy}` is no copy of `{original}`: change both"));
        }
    }
    let published = || context.workspace.packages.iter().filter(|package| package.is_published);
    for package in published() {
        let packed = lines(package_command(context, &[package]).arg("--list"))?;
        let mut git = context.at_root(Command::new("git"));
        git.current_dir(&package.folder).args(["ls-files", "src"]);
        faults.extend(missing(&package.name, &packed, &lines(&mut git)?));
    }
    if !faults.is_empty() {
        bail!(faults.join("\n"));
    }
    let packages: Vec<_> = published().collect();
    quietly(package_command(context, &packages).arg("--no-verify"))?;
    build(context, &packages)
}

/// Builds the packed crates, with each other's packed files as dependencies.
///
/// Cargo could do so itself. But it keeps the unpacked files of a version forever, and would build other packages
/// with outdated ones.
fn build(context: &Context, packages: &[&Package]) -> Result<()> {
    let folder = context.workspace.target.join("packages");
    let sources = folder.join("sources");
    if sources.exists() {
        fs::remove_dir_all(&sources)?;
    }
    fs::create_dir_all(&sources)
        .with_context(|| format!("cannot create `{}`", sources.display()))?;
    let mut manifest =
        "[workspace]\nmembers = [\"*\"]\nresolver = \"3\"\n[patch.crates-io]\n".to_owned();
    for Package { name, version, .. } in packages {
        let packed = context.workspace.target.join(format!("package/{name}-{version}.crate"));
        // `m`: files get the current time. In a package all have the same date, so cargo would see no change.
        quietly(Command::new("tar").current_dir(&sources).arg("-xzmf").arg(packed))?;
        manifest.push_str(&format!("{name}.path = \"{name}-{version}\"\n"));
    }
    fs::write(sources.join("Cargo.toml"), manifest)?;
    // So that dependencies have the versions that everything else here is tested with.
    fs::copy(context.workspace.root.join("Cargo.lock"), sources.join("Cargo.lock"))?;
    let mut command = context.cargo("check");
    command.args(["--quiet", "--workspace", "--target-dir"]).arg(folder.join("target"));
    quietly(command.current_dir(&sources))
}

/// `cargo package` for these. Changes that are not committed yet are included.
fn package_command(context: &Context, packages: &[&Package]) -> Command {
    let mut command = context.cargo("package");
    command.args(["--allow-dirty", "--quiet"]);
    for package in packages {
        command.args(["--package", &package.name]);
    }
    command
}

fn lines(command: &mut Command) -> Result<Vec<String>> {
    let printed = String::from_utf8(process::must_succeed(command)?)?;
    Ok(printed.lines().map(|line| line.replace('\\', "/")).collect())
}

/// The files that a package lacks: of its sources, and of those that each must have.
fn missing(package: &str, packed: &[String], sources: &[String]) -> Vec<String> {
    let packed: HashSet<&str> = packed.iter().map(String::as_str).collect();
    let wanted = IN_EACH.into_iter().chain(sources.iter().map(String::as_str));
    let missing = wanted.filter(|file| !packed.contains(file));
    missing
        .map(|file| {
            format!(
                "`{file}` is not packed with {package}: see `include` in its Cargo.toml; a folder \
                 with a Cargo.toml in it is never packed"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn what_is_not_packed_is_named() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        let packed = words("Cargo.toml Cargo.toml.orig LICENSE README.md src/lib.rs");
        assert_eq!(missing("a", &packed, &words("src/lib.rs")), [""; 0]);
        assert_eq!(
            missing("a", &packed[..2], &words("src/template/Cargo.toml")),
            ["LICENSE", "README.md", "src/template/Cargo.toml"].map(|file| format!(
                "`{file}` is not packed with a: see `include` in its Cargo.toml; a folder with a \
                 Cargo.toml in it is never packed"
            ))
        );
    }
}
