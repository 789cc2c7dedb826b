//! `cargo bysyncify run`: builds one program and runs it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::launch::{self, Launch};
use crate::link_options::LinkOptions;
use crate::node_run::Mode;
use crate::project::{self, Program, Wanted};
use crate::watch::Watch;
use crate::{cargo, command, serve};

/// The options of `run`.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) wanted: Wanted,
    pub(crate) triple: String,
    pub(crate) profile: String,
    pub(crate) link: LinkOptions,
    pub(crate) watch: Watch,
    /// The value of `--message-format`, if it asks for messages for programs.
    pub(crate) message_format: Option<String>,
    /// Options that are passed on to cargo.
    pub(crate) cargo_options: Vec<OsString>,
    /// The manifest of the package or workspace, if it is not in the current folder.
    pub(crate) manifest: Option<PathBuf>,
    /// Whether the page is to be shown in a browser.
    pub(crate) open: bool,
}

/// Builds and runs with these arguments; the exit status is the program's.
pub(crate) fn run(request: &Request, arguments: &[OsString]) -> Result<ExitCode> {
    let program = chosen(request)?;
    let module = match build(request, &program)? {
        Built::Module(module) => module,
        Built::Failed(code) => return Ok(code),
    };
    match prepare(request, &program, &module, arguments)? {
        Launch::Page(site) => serve::serve(&site, arguments, request.open),
        Launch::Process(mut command) => command::replace(&mut command),
    }
}

/// Prepares the module to be run as requested.
pub(crate) fn prepare(
    request: &Request,
    program: &Program,
    module: &Path,
    arguments: &[OsString],
) -> Result<Launch> {
    let launch = launch::prepare(Mode::Run, &program.host, module, arguments)?;
    if request.open && matches!(launch, Launch::Process(_)) {
        bail!("--open is for programs that run in a page, and this one does not: leave it out");
    }
    Ok(launch)
}

/// The program that the user means.
pub(crate) fn chosen(request: &Request) -> Result<Program> {
    let manifest = request.manifest.as_deref();
    let current = match manifest.and_then(Path::parent) {
        Some(folder) => std::path::absolute(folder),
        None => env::current_dir(),
    };
    let current = current.context("cannot tell the current folder")?;
    project::choose(&project::programs(manifest)?, &request.wanted, &current)
}

/// The result of a build.
pub(crate) enum Built {
    Module(PathBuf),
    /// Cargo has printed the reason.
    Failed(ExitCode),
}

/// Builds a program.
pub(crate) fn build(request: &Request, program: &Program) -> Result<Built> {
    let mut command = cargo::command("build", &request.triple)?;
    let format = request.message_format.as_deref().unwrap_or("json-render-diagnostics");
    command
        .args(["--profile", &request.profile, "--message-format", format])
        .args(program.cargo_arguments())
        .args(&request.cargo_options);
    request.link.apply(&mut command, &request.triple)?;
    let (status, messages) = request.watch.messages(&mut command)?;
    if !status.success() {
        return Ok(Built::Failed(command::exit_code(status)));
    }
    let messages = String::from_utf8(messages).context("cargo's messages are not UTF-8")?;
    match project::module_in(&messages, program) {
        Some(module) => Ok(Built::Module(module)),
        None => bail!("`{}` made no module of {}", command::shown(&command), program.name),
    }
}
