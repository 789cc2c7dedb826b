//! Runs a finished module: with a script of its package, in a page, or in Node alone.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use wasmparser::{Parser, Payload};

use crate::node_run::Mode;
use crate::project::{self, Host};
use crate::serve::Site;
use crate::{bindgen, command, node_run, serve, trace};

/// Runs a module for cargo; as tests, if `said` is set or it lies in `deps`.
pub(crate) fn runner(said: bool, module: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    // `cargo run` runs the module beside this folder.
    let is_in_deps = module.parent().and_then(Path::file_name).is_some_and(|name| name == "deps");
    let mode = if said || is_in_deps { Mode::Test } else { Mode::Run };
    // Cargo names the folder of the module's package.
    let host = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => project::host_in(Path::new(&folder))?,
        None => Host::Node,
    };
    launch(mode, &host, module, arguments)
}

/// The means to run a module.
#[derive(Debug)]
pub(crate) enum Launch {
    /// A process.
    Process(Command),
    /// A page that has to be served.
    Page(Site),
}

/// Runs a module; the exit status is the program's.
fn launch(mode: Mode, host: &Host, module: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    match prepare(mode, host, module, arguments)? {
        Launch::Process(mut command) => command::replace(&mut command),
        Launch::Page(site) => serve::serve(&site, arguments, false),
    }
}

/// Prepares a module to be run. The arguments are for the process, or for the server of a page.
pub(crate) fn prepare(
    mode: Mode,
    host: &Host,
    module: &Path,
    arguments: &[OsString],
) -> Result<Launch> {
    if let Some(version) = bindgen::version_of(module)? {
        return match (mode, host) {
            (Mode::Test, _) => bindgen::test(&version, module, arguments).map(Launch::Process),
            (Mode::Run, Host::Script(script)) => run_script(script, module, arguments),
            (Mode::Run, Host::Page { folder, isolated }) => {
                let package = bindgen::for_web(&version, module)?;
                let (page, isolated) = (folder.clone(), *isolated);
                Ok(Launch::Page(Site { page, package, isolated, edition: None }))
            }
            (Mode::Run, Host::Node) => bail!(
                "`{}` was made for wasm-bindgen, so it runs in a page: put an index.html into a \
                 folder of the package and name that in Cargo.toml:\n    \
                 [package.metadata.bysyncify]\n    web = \"web\"\n\
                 What wasm-bindgen makes is served with it, in `pkg`.",
                module.display()
            ),
        };
    }
    if !matches!(host, Host::Script(_)) && is_component(module)? {
        let module = module.display();
        bail!(
            "`{module}` is a component, which Node does not run: use an engine that does, as in \
             `wasmtime run {module}`, or put a script that runs it into the package and name it \
             in Cargo.toml:\n    [package.metadata.bysyncify]\n    host = \"host.mjs\""
        );
    }
    match host {
        // Tests may not need the host.
        Host::Script(script) if mode == Mode::Run || needs_host(module)? => {
            run_script(script, module, arguments)
        }
        Host::Page { .. } if mode == Mode::Run => bail!(
            "`{}` was not made for wasm-bindgen, as a program for a page has to be: let it use \
             the crate wasm-bindgen, or remove `web` from `package.metadata.bysyncify` in \
             Cargo.toml",
            module.display()
        ),
        Host::Node | Host::Script(_) | Host::Page { .. } => {
            node_run::command(mode, module, arguments).map(Launch::Process)
        }
    }
}

fn is_component(module: &Path) -> Result<bool> {
    let wasm = fs::read(module).with_context(|| format!("cannot read `{}`", module.display()))?;
    Ok(Parser::is_component(&wasm))
}

/// Whether a module imports something that only a host of its own can provide.
fn needs_host(module: &Path) -> Result<bool> {
    let wasm = fs::read(module).with_context(|| format!("cannot read `{}`", module.display()))?;
    for payload in Parser::new(0).parse_all(&wasm) {
        let Payload::ImportSection(section) = payload? else { continue };
        for import in section.into_imports() {
            if import?.module != "wasi_snapshot_preview1" {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Runs the package's own host script, which gets the module's path and then the arguments.
fn run_script(script: &Path, module: &Path, arguments: &[OsString]) -> Result<Launch> {
    if !script.is_file() {
        bail!(
            "the host script `{}` is not there: see `package.metadata.bysyncify.host` in the \
             package's Cargo.toml",
            script.display()
        );
    }
    let mut node = trace::node(module)?;
    node.arg(script).arg(module).args(arguments);
    Ok(Launch::Process(node))
}
