//! Published packages: checks that no file is missing, and that each builds from its packed files alone.

use std::collections::HashSet;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{Context, quietly};
use crate::packed::{self, Unpacked};
use crate::process;

/// Files that each package must have, wherever it is unpacked.
const IN_EACH: [&str; 3] = ["Cargo.toml", "LICENSE", "README.md"];

/// Files that two crates have a copy of, because a package cannot contain files of the other.
const COPIES: [[&str; 2]; 3] = [
    ["build/linker_abi.rs", "crates/wasm-asyncify/src/abi.rs"],
    ["LICENSE", "crates/wasm-asyncify/LICENSE"],
    ["LICENSE", "crates/cargo-bysyncify/LICENSE"],
];

pub(super) fn check(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    let mut faults = Vec::new();
    for [original, copy] in COPIES {
        let read = |name| {
            let path = workspace.root.join(name);
            fs::read(path).with_context(|| format!("cannot read `{name}`"))
        };
        if read(original)? != read(copy)? {
            faults.push(format!("`{copy}` is no copy of `{original}`: change both"));
        }
    }
    for package in packed::published(workspace) {
        let mut list = packed::package_command(workspace, &[package]);
        let packed = lines(list.arg("--list"))?;
        let mut git = Command::new("git");
        git.current_dir(&package.folder).args(["ls-files", "src"]);
        faults.extend(missing(&package.name, &packed, &lines(&mut git)?));
    }
    if !faults.is_empty() {
        bail!(faults.join("\n"));
    }
    // Each with the packed files of the others as dependencies.
    let unpacked = Unpacked::new(workspace)?;
    let mut build = unpacked.cargo("check");
    quietly(build.args(["--workspace", "--target-dir"]).arg(&unpacked.target))
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
