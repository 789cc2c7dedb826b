//! The packages of this repository, according to `cargo metadata`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// The checkout that this program was built from.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// The purpose of a package. Each kind is tested differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In tests/guests: a wasm module full of tests, or code that these share.
    Guest,
    /// In examples: a program for users to read, unless its metadata says that it runs on the host.
    Example,
    /// In bench: measured, not tested.
    Bench,
    /// Everything else: the library and the tools, which run on the host.
    Host,
}

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
    pub(crate) kind: Kind,
    /// The stem of the output file, if it is a program or a `cdylib`.
    pub(crate) artefact: Option<String>,
    /// Whether it is published to a registry.
    pub(crate) is_published: bool,
    /// The oldest compiler that it supports.
    pub(crate) rust_version: Option<String>,
    /// `package.metadata` of its Cargo.toml, or `null`.
    metadata: Value,
}

impl Workspace {
    pub(crate) fn load() -> Result<Self> {
        Self::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
    }

    /// Another workspace, with its own target directory.
    pub(crate) fn at(manifest: &Path) -> Result<Self> {
        let mut command = process::cargo();
        command
            .args(["metadata", "--format-version=1", "--no-deps", "--manifest-path"])
            .arg(manifest);
        Self::from_metadata(&serde_json::from_slice(&process::must_succeed(&mut command)?)?)
    }

    fn from_metadata(metadata: &Value) -> Result<Self> {
        let root = PathBuf::from(string(metadata, "workspace_root")?);
        let packages =
            metadata["packages"].as_array().context("`cargo metadata` has no packages")?;
        let packages = packages.iter().map(|value| Package::from_metadata(&root, value));
        Ok(Self {
            target: string(metadata, "target_directory")?.into(),
            packages: packages.collect::<Result<_>>()?,
            root,
        })
    }

    /// The members of one kind.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(move |package| package.kind == kind)
    }

    /// The modules full of tests, which the harness runs.
    pub(crate) fn guests(&self) -> impl Iterator<Item = &Package> {
        let is_program = |package: &&Package| package.artefact.is_some();
        let others = self.of_kind(Kind::Guest).filter(|package| !package.unwinds());
        others.filter(is_program).filter(|package| !package.tests_itself())
    }

    /// The guests that are built with panics that unwind.
    pub(crate) fn unwinding_guests(&self) -> impl Iterator<Item = &Package> {
        self.of_kind(Kind::Guest).filter(|package| package.unwinds())
    }

    /// The packages with their own test command.
    pub(crate) fn with_own_tests(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.tests_itself())
    }

    /// The library itself: the package in the workspace's root.
    pub(crate) fn library(&self) -> Result<&Package> {
        let library = self.packages.iter().find(|package| package.folder == self.root);
        library.context("the workspace's root is not a package")
    }
}

impl Package {
    fn from_metadata(root: &Path, value: &Value) -> Result<Self> {
        let manifest = PathBuf::from(string(value, "manifest_path")?);
        let folder = manifest.parent().context("a manifest lies in no folder")?.to_path_buf();
        let on_host = value["metadata"]["xtask"]["on"] == "host";
        let by_folder = kind(folder.strip_prefix(root).unwrap_or(&folder));
        Ok(Self {
            name: string(value, "name")?.into(),
            version: string(value, "version")?.into(),
            kind: if on_host { Kind::Host } else { by_folder },
            folder,
            artefact: artefact(&value["targets"]),
            // A list of registries; or null for any.
            is_published: value["publish"].as_array().is_none_or(|all| !all.is_empty()),
            rust_version: value["rust_version"].as_str().map(String::from),
            metadata: value["metadata"].clone(),
        })
    }

    /// A string in `[package.metadata.xtask]`.
    pub(crate) fn setting(&self, key: &str) -> Option<&str> {
        self.metadata["xtask"][key].as_str()
    }

    /// Whether `[package.metadata.xtask]` has this key set to true.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.metadata["xtask"][key].as_bool().unwrap_or(false)
    }

    /// A list of strings in `[package.metadata.xtask]`; empty if there is none.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        strings(&self.metadata["xtask"][key])
    }

    /// Whether it is built with panics that unwind.
    pub(crate) fn unwinds(&self) -> bool {
        self.setting("panic") == Some("unwind")
    }

    fn tests_itself(&self) -> bool {
        !self.list("test").is_empty()
    }

    /// A table in `[package.metadata.xtask]` whose values are lists of strings, by name.
    pub(crate) fn lists(&self, key: &str) -> Vec<(String, Vec<String>)> {
        let table = self.metadata["xtask"][key].as_object().into_iter().flatten();
        table.map(|(name, list)| (name.clone(), strings(list))).collect()
    }

    /// The features that docs.rs documents, which are all features meant for users.
    pub(crate) fn documented_features(&self) -> Vec<String> {
        strings(&self.metadata["docs"]["rs"]["features"])
    }
}

fn kind(folder: &Path) -> Kind {
    [("tests/guests", Kind::Guest), ("examples", Kind::Example), ("bench", Kind::Bench)]
        .into_iter()
        .find_map(|(parent, kind)| folder.starts_with(parent).then_some(kind))
        .unwrap_or(Kind::Host)
}

fn artefact(targets: &Value) -> Option<String> {
    let named = |wanted: &str| {
        let is_wanted =
            |target: &&Value| strings(&target["crate_types"]).iter().any(|t| t == wanted);
        let is_product = |target: &&Value| {
            !strings(&target["kind"]).iter().any(|kind| kind == "test" || kind == "custom-build")
        };
        targets.as_array()?.iter().filter(is_product).find(is_wanted)?["name"].as_str()
    };
    // Cargo writes a library's file with underscores, and a program's with its own name.
    named("cdylib").map(|name| name.replace('-', "_")).or_else(|| named("bin").map(String::from))
}

fn string<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| format!("`cargo metadata` has no `{key}`"))
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn packages_are_told_apart_by_their_folder() {
        for (folder, expected) in [
            ("tests/guests/basic", Kind::Guest),
            ("examples/untar", Kind::Example),
            ("bench/guest", Kind::Bench),
            ("xtask", Kind::Host),
            ("", Kind::Host),
        ] {
            assert_eq!(kind(Path::new(folder)), expected, "{folder}");
        }
    }

    #[test]
    fn artefact_is_the_file_cargo_writes() {
        let build = json!({ "kind": ["custom-build"], "crate_types": ["bin"], "name": "build" });
        let library = json!({ "kind": ["lib"], "crate_types": ["lib"], "name": "a-b" });
        let cdylib = json!({ "kind": ["cdylib"], "crate_types": ["cdylib"], "name": "a-b" });
        let program = json!({ "kind": ["bin"], "crate_types": ["bin"], "name": "a-b" });
        assert_eq!(artefact(&json!([build, library])), None);
        assert_eq!(artefact(&json!([build, cdylib])).as_deref(), Some("a_b"));
        assert_eq!(artefact(&json!([build, program])).as_deref(), Some("a-b"));
    }

    #[test]
    fn this_workspace_can_be_read() {
        let workspace = Workspace::load().expect("a workspace");
        assert_eq!(workspace.library().expect("a library").name, "bysyncify");
        for on_host in ["xtask", "host-events-wasmi"] {
            assert!(workspace.of_kind(Kind::Host).any(|package| package.name == on_host));
        }
    }
}
