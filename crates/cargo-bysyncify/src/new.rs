//! `cargo bysyncify new`: makes a project that runs at once.

mod files;
mod init;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use self::files::Details;
use crate::{cargo, command, setup, store};

pub(crate) use self::init::{InitRequest, init};

/// Makes a project that runs at once
///
/// In the folder NAME, which must not be there yet: a small program of two coroutines that take
/// turns. It runs at once, with `cargo bysyncify run` or with `cargo run`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Request {
    /// What the project is to be called, or the path of its folder
    #[arg(value_name = "NAME")]
    folder: PathBuf,
    /// A program for browsers, with wasm-bindgen; else it is for Node
    #[arg(long, visible_alias = "bindgen")]
    web: bool,
    /// A command-line program for WASI, which any engine runs that has it
    #[arg(long, conflicts_with = "web")]
    wasi: bool,
    /// Depend on the library in this folder, and not on a released one. Without it: if this program
    /// was built in a checkout of its repository that is still there, on the library of that
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

/// The kinds of project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// For Node, with a host script but no bindings generator.
    Node,
    /// For browsers, with wasm-bindgen.
    Web,
    /// For the command line, with WASI.
    Wasi,
}

impl Kind {
    /// The target that it is built for.
    fn target(self) -> &'static str {
        match self {
            Self::Node | Self::Web => "wasm32-unknown-unknown",
            Self::Wasi => "wasm32-wasip1",
        }
    }
}

/// Makes the whole project or nothing, and says how to run it.
pub(crate) fn new(request: &Request) -> Result<()> {
    let folder = std::path::absolute(&request.folder)
        .with_context(|| format!("`{}` is no path", request.folder.display()))?;
    let shown = request.folder.display();
    let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
        bail!("`{shown}` does not end in a name: say what the project is to be called");
    };
    let Some(name) = name.to_str() else { bail!("`{shown}` is not UTF-8") };
    if folder.symlink_metadata().is_ok() {
        bail!("`{shown}` is there already: choose another name, or remove it");
    }
    check_name(name)?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create `{}`", parent.display()))?;

    let checkout = checkout();
    let library = library(request.path.as_deref())?;
    let inside = checkout.filter(|checkout| folder.starts_with(checkout));
    let alias = inside.map(|checkout| alias(&checkout)).transpose()?;
    let details = Details {
        name,
        library: library.as_deref(),
        in_workspace: is_in_workspace(parent),
        alias: alias.as_deref(),
    };
    let kind = match (request.web, request.wasi) {
        (true, _) => Kind::Web,
        (_, true) => Kind::Wasi,
        _ => Kind::Node,
    };
    write(&folder, &files::files(kind, &details)?)
        .with_context(|| format!("cannot make `{shown}`"))?;

    eprintln!("     Created `{shown}`, which depends on bysyncify {}", source(library.as_deref()));
    eprintln!("      Run it with `cd {shown} && cargo bysyncify run`");
    note_what_plain_cargo_needs(library.as_deref());
    Ok(())
}

fn note_what_plain_cargo_needs(library: Option<&Path>) {
    if command::find("bysyncify-ld").is_none() || command::find("cargo-bysyncify").is_none() {
        eprintln!(
            "        Note plain `cargo build` and `cargo run` need `{}` first",
            install_command(library)
        );
    }
}

/// Checks a name by making a package of that name elsewhere, because cargo knows which names are allowed.
fn check_name(name: &str) -> Result<()> {
    let elsewhere = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut cargo = Command::new(cargo::program());
    cargo.args(["new", "--quiet", "--color", "never", "--vcs", "none", "--name", name]);
    let output = cargo.arg(elsewhere.path().join("new")).output();
    let output = output.with_context(|| format!("cannot run `{}`", command::shown(&cargo)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or_default();
        bail!("{}", first.strip_prefix("error: ").unwrap_or(first));
    }
    if ["bysyncify", "futures", "wasm-bindgen", "wasm-bindgen-futures"].contains(&name) {
        bail!("a project cannot be called `{name}` and use the crate of that name: choose another");
    }
    Ok(())
}

/// The repository that this program was built from, if it is still there. Its library then has the version of this
/// program.
fn checkout() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = own.ancestors().nth(2)?;
    let is_library = own.ends_with("crates/cargo-bysyncify")
        && own.join("Cargo.toml").is_file()
        && folder.join("build/switch.wat").is_file();
    is_library.then(|| folder.to_owned())
}

/// The folder of the library to depend on; `None` for the registry.
fn library(named: Option<&Path>) -> Result<Option<PathBuf>> {
    named.map_or_else(|| Ok(checkout()), |folder| library_at(folder).map(Some))
}

fn library_at(folder: &Path) -> Result<PathBuf> {
    if !folder.join("Cargo.toml").is_file() {
        bail!(
            "`{}` has no Cargo.toml: --path takes the folder of the crate bysyncify",
            folder.display()
        );
    }
    std::path::absolute(folder).with_context(|| format!("`{}` is no path", folder.display()))
}

/// The command that `cargo bysyncify` stands for in the new project. The checkout itself has an alias of that name,
/// but that one searches for this program in the current package.
fn alias(checkout: &Path) -> Result<String> {
    let manifest = checkout.join("Cargo.toml");
    let manifest = manifest.to_str().filter(|path| !path.contains(char::is_whitespace));
    let Some(manifest) = manifest else {
        bail!(
            "cargo cannot be told of `{}`, which has a space in its path: make the project \
             outside of it",
            checkout.display()
        );
    };
    // The project's own target is wasm, so name the host's.
    let host = setup::host_triple()?;
    Ok(format!(
        "run --quiet --manifest-path {manifest} --target {host} --package cargo-bysyncify \
         --bin cargo-bysyncify -- bysyncify"
    ))
}

/// Whether cargo finds a package or a workspace around a folder.
fn is_in_workspace(folder: &Path) -> bool {
    let mut cargo = Command::new(cargo::program());
    cargo.args(["locate-project", "--workspace"]).current_dir(folder);
    command::output(&mut cargo).is_ok()
}

/// Writes the files into a folder elsewhere, which is then renamed.
fn write(folder: &Path, files: &[(&str, String)]) -> Result<()> {
    let scratch = store::scratch_beside(folder)?;
    let new = scratch.path().join("new");
    write_all(&new, files)?;
    fs::rename(&new, folder).context("cannot rename what was written")
}

fn write_all(folder: &Path, files: &[(&str, String)]) -> Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(())
}

fn source(library: Option<&Path>) -> String {
    match library {
        Some(folder) => format!("in `{}`", folder.display()),
        None => "of the registry".to_owned(),
    }
}

fn install_command(library: Option<&Path>) -> String {
    match library.map(|folder| folder.join("crates/cargo-bysyncify")).filter(|own| own.is_dir()) {
        Some(own) => command::shown(Command::new("cargo").args(["install", "--path"]).arg(own)),
        None => "cargo install cargo-bysyncify".to_owned(),
    }
}
