//! `bysyncify-ld`: calls the real linker, then runs Asyncify on what needs it.
//!
//! It prints nothing of its own when all is well: rustc would show it as a warning.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::engine::{Engine, Options};
use crate::events::{Events, Figures, Phase};
use crate::module::{self, Summary};
use crate::{command, setup};

/// Runs the linker with the process's arguments (without its own name).
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    match link(arguments) {
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
    let status = linker.run(linker.command().args(arguments.given()))?;
    if !status.success() {
        return Ok(command::exit_code(status));
    }
    if arguments.is_relocatable {
        return Ok(ExitCode::SUCCESS);
    }
    let mut events = Events::start(&arguments.output);
    let result = finish(&arguments, &linker, &mut events)
        .inspect_err(|_| {
            // A module that only looks finished must not be left where it is looked for. That it
            // may not be there at all is as good.
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

/// Runs Asyncify on the linked module if it has to be.
fn finish(
    arguments: &Arguments,
    linker: &RealLinker,
    events: &mut Events,
) -> Result<Option<Figures>> {
    let output = &arguments.output;
    let size = || fs::metadata(output).map(|metadata| metadata.len());
    let Some(mut summary) = read_if_needed(output)? else { return Ok(None) };
    if arguments.strip_all {
        // The features, and the names for messages, must last until Asyncify has run.
        relink_unstripped(arguments, linker)?;
        summary = Summary::of(&read(output)?)?;
    }
    let opt_level = match std::env::var("BYSYNCIFY_OPT") {
        Ok(level) => level.parse().context("in BYSYNCIFY_OPT")?,
        Err(_) => arguments.opt_level,
    };
    let engine = setup::installed_wasm_opt()?;
    let for_wasm_bindgen = summary.for_wasm_bindgen;
    let options = Options { opt_level, features: summary.features, for_wasm_bindgen };
    events.phase(Phase::Asyncify);
    let bytes_before = size()?;
    transform(&engine, output, &options, |section| arguments.strips(section))?;
    Ok(Some(Figures { bytes_before, bytes_after: size()?, counts: None, reused: false }))
}

/// The module's summary if it must go through Asyncify.
fn read_if_needed(path: &Path) -> Result<Option<Summary>> {
    let summary = Summary::of(&read(path)?)
        .with_context(|| format!("`{}` is no WebAssembly module", path.display()))?;
    Ok(summary.needs_asyncify()?.then_some(summary))
}

/// Replaces the module at `path` by what the engine makes of it, once that has been checked.
fn transform(
    engine: &impl Engine,
    path: &Path,
    options: &Options,
    is_stripped: impl Fn(&str) -> bool,
) -> Result<()> {
    // Beside it, so that it can be renamed; with a number, since cargo links several at once.
    let temporary = Temporary(path.with_extension(format!("asyncify-{}", std::process::id())));
    engine.asyncify(path, &temporary.0, options)?;
    let wasm = read(&temporary.0)?;
    module::check_asyncified(&wasm)?;
    let stripped = module::without_sections(&wasm, is_stripped)?;
    fs::write(&temporary.0, stripped).context("cannot write the stripped module")?;
    // The real linker marks modules as executable.
    fs::set_permissions(&temporary.0, fs::metadata(path)?.permissions())?;
    fs::rename(&temporary.0, path).with_context(|| format!("cannot replace `{}`", path.display()))
}

/// Links again so that names and features stay, else the same.
fn relink_unstripped(arguments: &Arguments, linker: &RealLinker) -> Result<()> {
    let mut command = linker.command();
    command.args(arguments.given());
    command.args(["--keep-section=name", "--keep-section=target_features"]);
    // What it has to say it said the first time.
    let status = linker.run(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
    if !status.success() {
        bail!(
            "`{}` can strip only all sections: use the `rust-lld` of a recent Rust, or set \
             `strip = \"debuginfo\"` in the profile",
            linker.path.display()
        );
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// A file that is removed in the end, whatever happens; a renamed one is gone already.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The linker that does the linking.
struct RealLinker {
    path: PathBuf,
}

impl RealLinker {
    /// `$BYSYNCIFY_LINKER`, or `rust-lld` (rustc puts its own on `PATH` for us), or `wasm-ld`.
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

    /// `rust-lld` is told which linker to be; `wasm-ld` knows and does not take the flag.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if self.path.file_stem().is_some_and(|stem| stem == "rust-lld" || stem == "lld") {
            command.args(["-flavor", "wasm"]);
        }
        command
    }

    fn run(&self, command: &mut Command) -> Result<ExitStatus> {
        command.status().with_context(|| format!("cannot run `{}`", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An engine that does nothing to the module.
    struct Idle;

    impl Engine for Idle {
        fn asyncify(&self, input: &Path, output: &Path, _: &Options) -> Result<()> {
            fs::copy(input, output)?;
            Ok(())
        }
    }

    #[test]
    fn module_is_replaced_only_if_the_engine_did_its_work() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wasm");
        let text = r#"(module (import "asyncify" "stop_unwind" (func)))"#;
        let before = wat::parse_str(text).unwrap();
        fs::write(&path, &before).unwrap();
        let error = transform(&Idle, &path, &Options::default(), |_| true).unwrap_err();
        assert_eq!(error.to_string(), "Asyncify left the imports asyncify.{stop_unwind}");
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
