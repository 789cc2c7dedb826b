//! `bysyncify-ld`: calls the real linker, then runs Asyncify on modules that need it.
//!
//! It prints nothing of its own unless there is an error or a warning. Rustc shows what it prints as a warning, if
//! the lint `linker_messages` is on (by default it is off). So it also reports to `cargo bysyncify`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;
use wasm_asyncify::Compact;
use wasm_asyncify::analysis::NoSuspend;
use wasm_asyncify::module::{self, AsyncifyInfo};

use crate::arguments::Arguments;
use crate::command;
use crate::events::{Events, Figures};
use crate::manifest::Manifest;
use crate::optimizer::{OptLevel, Optimizer};
use crate::pipeline::{self, Asyncified, Recipe};
use crate::response_file;
use crate::setup::{self, WasmOpt};
use crate::store::{self, Store};
use crate::wording::Worded as _;

/// What `--help` prints.
const HELP: &str = "\
bysyncify-ld: links for wasm, and makes what uses bysyncify pausable

Usage: as `linker` of a wasm target in .cargo/config.toml; `cargo bysyncify` calls it by itself.
It takes the arguments of wasm-ld, which it calls (BYSYNCIFY_LINKER, rust-lld or wasm-ld), and

  --bysyncify-assume-no-suspend=PATH,…  these functions and crates never suspend
  --bysyncify-suspends=MODULE.NAME,…    the host answers these imports later
  --bysyncify-precise                   take what looks like a vtable for one
  --bysyncify-everything                instrument what Binaryen would
  --bysyncify-checks=on|off             whether the program checks itself
  --bysyncify-stack-checks=on|off       whether it is noticed when a stack overflows
  --bysyncify-symbols                   backtraces have names, files and lines
  --bysyncify-lowering=asyncify|stack-switching  instrumented code, or the engine's stacks

`cargo bysyncify help build` explains them.
";

/// Runs the linker with the process's arguments (without its own name).
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    let result = match arguments {
        [word] if word == "--help" || word == "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        [word] if word == "--version" || word == "-V" => {
            println!("bysyncify-ld {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
        all => link(all),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bysyncify-ld: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn link(arguments: &[OsString]) -> Result<ExitCode> {
    let arguments = Arguments::read(arguments)?;
    let linker = RealLinker::find()?;
    let status = linker.run(arguments.passed_on(), &mut linker.command())?;
    if !status.success() {
        return Ok(command::exit_code(status));
    }
    if arguments.is_relocatable {
        return Ok(ExitCode::SUCCESS);
    }
    let mut events = Events::start(&arguments.output);
    let result = finish(&arguments, &linker, &mut events)
        .inspect_err(|_| {
            // An unfinished module must not be left at the output's path. It does not matter if there is none.
            let _ = fs::remove_file(&arguments.output);
        })
        .with_context(|| format!("cannot make `{}` pausable", arguments.output.display()));
    match result {
        Ok(Some(figures)) => events.finish(figures),
        Ok(None) => {}
        Err(error) => {
            events.failed(&format!("{error:#}"));
            return Err(error);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs Asyncify on the linked module if it needs that.
fn finish(
    arguments: &Arguments,
    linker: &RealLinker,
    events: &mut Events,
) -> Result<Option<Figures>> {
    let output = &arguments.output;
    let info = AsyncifyInfo::read(&store::read(output)?)
        .with_context(|| format!("`{}` is no WebAssembly module", output.display()))?;
    if arguments.suspends.is_empty() && !info.needs_asyncify().worded()? {
        return Ok(None);
    }
    let opt_level = OptLevel::from_environment()?.unwrap_or(arguments.opt_level);
    let symbols = arguments.checks || arguments.symbols;
    let mut recipe = Recipe {
        no_suspend: NoSuspend(arguments.no_suspend.clone()),
        suspends: arguments.suspends.clone(),
        precision: arguments.precision,
        everything: arguments.everything,
        lowering: arguments.lowering,
        checks: arguments.checks,
        compact: Compact::default(),
        no_stack_checks: arguments.no_stack_checks,
        resumption: pipeline::resumption(arguments.checks),
        verify: verify_is_wanted(std::env::var_os("BYSYNCIFY_VERIFY").as_deref(), arguments.checks),
        debug_info: false,
        symbols,
        // Rustc calls its linker in its own working directory, and paths are relative to that.
        symbols_folder: symbols
            .then(|| std::env::current_dir().ok()?.into_os_string().into_string().ok())
            .flatten(),
        opt_level,
    };
    let optimizer = optimizer(&recipe)?;
    // After wasm-opt has optimised, DWARF would no longer match the code.
    recipe.debug_info = optimizer.is_none() && arguments.keeps_debug_info();
    let bytes_before = size(output)?;
    let needs_debug_info =
        recipe.debug_info || recipe.symbols && !recipe.everything && arguments.keeps_debug_info();
    let linked = link_for_analysis(arguments, linker, needs_debug_info)?;
    for warning in wasm_asyncify::warnings::find(&linked, &recipe.no_suspend).worded()? {
        eprintln!("bysyncify-ld: warning: {warning}");
        events.warning(&warning);
    }
    let store = Store::new(output);
    let how = Manifest::with(optimizer.as_ref(), &recipe).text();
    let found = store.find(&linked, &how);
    let reused = found.is_some();
    let (asyncified, counts) = match found {
        Some(asyncified) => (asyncified, None),
        None => {
            let tell = |phase| events.phase(phase);
            let optimizer = optimizer.as_ref().map(|optimizer| optimizer as &dyn Optimizer);
            let Asyncified { module: asyncified, counts, warnings } =
                pipeline::asyncify(&linked, &recipe, optimizer, tell)?;
            for warning in warnings {
                eprintln!("bysyncify-ld: warning: {warning}");
                events.warning(&warning);
            }
            store.keep(&linked, &how, &asyncified)?;
            (asyncified, counts)
        }
    };
    let stripped = module::without_sections(&asyncified, |section| arguments.strips(section))?;
    replace(output, &stripped)?;
    let lacks_wasm_opt = optimizer.is_none() && recipe.opt_level != OptLevel::O0;
    let bytes_after = size(output)?;
    Ok(Some(Figures { bytes_before, bytes_after, counts, reused, lacks_wasm_opt }))
}

/// Whether the checker proves the result: as `BYSYNCIFY_VERIFY` says (0 for no), otherwise in debug builds.
fn verify_is_wanted(said: Option<&OsStr>, is_debug: bool) -> bool {
    said.map_or(is_debug, |value| value != "0")
}

/// The `wasm-opt` for this recipe. Usually it is fine if there is none.
fn optimizer(recipe: &Recipe) -> Result<Option<WasmOpt>> {
    if recipe.everything {
        return setup::needed_wasm_opt().map(Some);
    }
    if recipe.opt_level == OptLevel::O0 {
        return Ok(None);
    }
    setup::installed_wasm_opt()
}

fn size(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path);
    Ok(metadata.with_context(|| format!("cannot read `{}`", path.display()))?.len())
}

/// Replaces the module, and keeps the file permissions that the real linker has set.
fn replace(path: &Path, wasm: &[u8]) -> Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    store::write(path, wasm)?;
    fs::set_permissions(path, permissions)
        .with_context(|| format!("cannot make `{}` executable", path.display()))
}

/// Links again, and keeps names and relocations: these show where the address of each function is taken.
fn link_for_analysis(
    arguments: &Arguments,
    linker: &RealLinker,
    keeps_debug_info: bool,
) -> Result<Vec<u8>> {
    // The output has the same file name, because the name gets into the module.
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let output = folder.path().join(arguments.output.file_name().unwrap_or_default());
    // It has printed all its messages the first time.
    let status = linker.run(
        &arguments.for_analysis(&output, keeps_debug_info),
        linker.command().stdout(Stdio::null()).stderr(Stdio::null()),
    )?;
    if !status.success() {
        bail!(
            "`{}` does not know --emit-relocs together with --keep-section: use the `rust-lld` of a \
             recent Rust",
            linker.path.display()
        );
    }
    store::read(&output)
}

/// In bytes. Windows allows 32,767 characters.
const MOST_ON_A_COMMAND_LINE: usize = 30_000;

/// The linker that does the linking.
struct RealLinker {
    path: PathBuf,
}

impl RealLinker {
    /// Finds `$BYSYNCIFY_LINKER`, or `rust-lld` (rustc adds its own to `PATH` for us), or `wasm-ld`.
    fn find() -> Result<Self> {
        let set = std::env::var_os("BYSYNCIFY_LINKER").filter(|value| !value.is_empty());
        let found = set
            .map(PathBuf::from)
            .or_else(|| command::find("rust-lld"))
            .or_else(|| command::find("wasm-ld"));
        let path = found.context(
            "no linker found: neither `rust-lld` (which comes with rustup's toolchains) nor \
             `wasm-ld` is on PATH; set BYSYNCIFY_LINKER to the path of one",
        )?;
        Ok(Self { path })
    }

    /// The command. `rust-lld` needs a flag that says which linker to be; `wasm-ld` does not accept that flag.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if self.path.file_stem().is_some_and(|stem| stem == "rust-lld" || stem == "lld") {
            command.args(["-flavor", "wasm"]);
        }
        command
    }

    /// Runs the linker with these arguments. If they are many, it uses a response file, as rustc does.
    fn run(&self, arguments: &[OsString], command: &mut Command) -> Result<ExitStatus> {
        let mut file = None;
        if arguments.iter().map(|word| word.len() + 1).sum::<usize>() > MOST_ON_A_COMMAND_LINE {
            let mut response = NamedTempFile::new().context("cannot make a temporary file")?;
            response
                .write_all(response_file::text(arguments)?.as_bytes())
                .with_context(|| format!("cannot write `{}`", response.path().display()))?;
            let mut word = OsString::from("@");
            word.push(response.path());
            command.arg(response_file::TOLD).arg(word);
            // Closed, because on some systems no other program could open it.
            file = Some(response.into_temp_path());
        } else {
            command.args(arguments);
        }
        let status = command.status();
        drop(file);
        status.with_context(|| format!("cannot run `{}`", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_builds_are_proved_unless_somebody_says_otherwise() {
        let is_wanted =
            |said: Option<&str>, is_debug| verify_is_wanted(said.map(OsStr::new), is_debug);
        assert!(is_wanted(None, true) && !is_wanted(None, false));
        assert!(is_wanted(Some("1"), true) && is_wanted(Some("1"), false));
        assert!(!is_wanted(Some("0"), true) && !is_wanted(Some("0"), false));
    }
}
