//! Finds Binaryen's `wasm-opt`, or installs it from npm.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use super::binaryen::WasmOpt;
use super::{cache, node};
use crate::command;

/// The version that `setup` installs.
const PREFERRED: u32 = 132;

/// The oldest version whose output was run in our tests.
const OLDEST: u32 = 108;

/// Finds `wasm-opt`, or installs it from npm into our cache.
///
/// Searches `$WASM_OPT`, then `PATH` (version 108 or later), then the cache.
///
/// # Errors
///
/// If `$WASM_OPT` cannot be used, or if nothing is found and npm cannot install it; the error says which commands
/// would help.
pub fn wasm_opt() -> Result<WasmOpt> {
    let search = search()?;
    if let Some(found) = search.found {
        return Ok(found);
    }
    if let Some(reason) = &search.passed_over {
        eprintln!("        Note {reason}");
    }
    // Node is needed anyway, and this gives its own message.
    node()?;
    wasm_opt_version(PREFERRED).map_err(|error| {
        anyhow!("wasm-opt is needed and could not be installed: {error:#}\n{}", remedies(&search))
    })
}

/// The `wasm-opt` of npm's `binaryen@<major>.0.0`, installed into our cache if need be.
///
/// # Errors
///
/// If it is not installed and npm cannot install it.
pub fn wasm_opt_version(major: u32) -> Result<WasmOpt> {
    let place = npm_folder(major)?;
    cache::filled(&place, |partial| npm_install(major, partial))?;
    in_npm_folder(&place, major)
}

/// Finds `wasm-opt` without installing anything.
pub(crate) fn installed() -> Result<Option<WasmOpt>> {
    search().map(|search| search.found)
}

/// The same, but it is an error if there is none.
pub(crate) fn needed() -> Result<WasmOpt> {
    let search = search()?;
    match &search.found {
        Some(found) => Ok(found.clone()),
        None => bail!("wasm-opt is needed and not installed.\n{}", remedies(&search)),
    }
}

/// What to do if the `wasm-opt` that was found is too old for a module.
pub(crate) fn how_to_get_a_newer_one() -> Result<String> {
    let place = npm_folder(PREFERRED)?;
    let script = script_in(&place);
    let set = format!("set WASM_OPT to `{}`", script.display());
    if script.exists() {
        return Ok(set);
    }
    let mut install = Command::new("npm");
    install.args(["install", "--prefix"]).arg(&place).arg(format!("binaryen@{PREFERRED}.0.0"));
    Ok(format!("run `{}` and {set}", command::shown(&install)))
}

/// The result of a search for `wasm-opt`.
struct Search {
    found: Option<WasmOpt>,
    /// Why the one on `PATH` is not used.
    passed_over: Option<String>,
    /// The folder where we would install it.
    place: PathBuf,
}

fn search() -> Result<Search> {
    let place = npm_folder(PREFERRED)?;
    let mut search = Search { found: None, passed_over: None, place };
    if let Some(path) = std::env::var_os("WASM_OPT").filter(|value| !value.is_empty()) {
        let found = WasmOpt::at(Path::new(&path)).context("WASM_OPT cannot be used")?;
        if found.version() < OLDEST {
            bail!("WASM_OPT is {found}, but version {OLDEST} or later is needed");
        }
        search.found = Some(found);
        return Ok(search);
    }
    if let Some(path) = command::find("wasm-opt") {
        // If it is too old or broken, we use our own instead.
        match WasmOpt::at(&path) {
            Ok(found) if found.version() >= OLDEST => {
                search.found = Some(found);
                return Ok(search);
            }
            Ok(found) => {
                search.passed_over = Some(format!(
                    "`{}` on PATH is of version {}, but {OLDEST} or later is needed",
                    path.display(),
                    found.version()
                ));
            }
            Err(error) => {
                let path = path.display();
                search.passed_over = Some(format!("`{path}` on PATH cannot be used: {error:#}"));
            }
        }
    }
    if search.place.is_dir() {
        search.found = Some(in_npm_folder(&search.place, PREFERRED)?);
    }
    Ok(search)
}

/// The message for a search that found nothing.
fn remedies(search: &Search) -> String {
    let passed_over =
        search.passed_over.as_ref().map_or(String::new(), |reason| format!("{reason}.\n"));
    let mut by_hand = Command::new("npm");
    by_hand.args(["install", "--prefix"]).arg(&search.place);
    by_hand.arg(format!("binaryen-{PREFERRED}.0.0.tgz"));
    format!(
        "{passed_over}Run one of these, then try again:\n    \
         cargo bysyncify setup\n        \
         where the npm registry can be reached\n    \
         {}\n        \
         with the file that `npm pack binaryen@{PREFERRED}.0.0` makes on another machine\n    \
         sudo apt-get install binaryen\n        \
         or what else your system installs Binaryen with: any version from {OLDEST} on will do\n\
         or set WASM_OPT to the path of a wasm-opt.",
        command::shown(&by_hand)
    )
}

fn npm_folder(major: u32) -> Result<PathBuf> {
    Ok(cache::dir()?.join(format!("binaryen-{major}")))
}

/// npm's `wasm-opt`, which is a script. Its version is known: running it for that would take 0.3 s.
fn in_npm_folder(place: &Path, major: u32) -> Result<WasmOpt> {
    Ok(WasmOpt::script(node()?, script_in(place), major))
}

fn script_in(place: &Path) -> PathBuf {
    place.join("node_modules/binaryen/bin/wasm-opt")
}

fn npm_install(major: u32, folder: &Path) -> Result<()> {
    let Some(npm) = command::find("npm") else {
        bail!("npm is not on PATH: install it (it comes with Node; Debian: `apt-get install npm`)");
    };
    command::run(
        Command::new(npm)
            .args(["install", "--no-audit", "--no-fund", "--no-update-notifier"])
            // By default npm tries for more than a minute, without any output, before it fails.
            .args(["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000", "--prefix"])
            .arg(folder)
            .arg(format!("binaryen@{major}.0.0")),
    )
}
