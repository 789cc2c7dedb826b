//! `cargo bysyncify run --watch`: builds and runs again whenever a file of the program has changed.
//!
//! ```text
//!        ┌────────────── a file has changed ───────────────┐
//!        ▼                                                 │
//!      build ── failed: what runs goes on ───────────────► wait
//!        └───── done: what runs is ended, the new is run ──┘
//! ```
//!
//! A page stays served, and reloads itself.

use std::ffi::OsString;
use std::process::{Child, Command};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use self::inputs::Inputs;
use crate::command;
use crate::launch::Launch;
use crate::run::{self, Built, Request};
use crate::serve::{self, Edition};

mod inputs;

/// How often files are checked for changes.
const TICK: Duration = Duration::from_millis(300);

/// Builds and runs with these arguments, again and again until it is interrupted.
pub(crate) fn run(request: &Request, arguments: &[OsString]) -> Result<()> {
    let program = run::chosen(request)?;
    let mut inputs = Inputs::before_a_build(&program);
    let mut running = Running::default();
    loop {
        if let Built::Module(module) = run::build(request, &program)? {
            let launch = run::prepare(request, &program, &module, arguments)?;
            running.replace(launch, arguments, request.open)?;
            inputs.learn(&program, &module);
        }
        eprintln!("    Watching {} files until Ctrl-C is pressed", inputs.len());
        while !inputs.have_changed() {
            running.tell_end()?;
            thread::sleep(TICK);
        }
    }
}

/// The program that was started last.
#[derive(Debug, Default)]
struct Running {
    process: Option<Child>,
    /// The state of the page that is served.
    edition: Option<Arc<Edition>>,
}

impl Running {
    /// Ends the running program, and starts this one.
    fn replace(&mut self, launch: Launch, arguments: &[OsString], open: bool) -> Result<()> {
        match launch {
            Launch::Process(mut command) => {
                self.end();
                self.process = Some(spawn(&mut command)?);
            }
            // The page's files are in the same place as before.
            Launch::Page(mut site) => match &self.edition {
                Some(edition) => edition.change(),
                None => {
                    site.edition = Some(Arc::clone(self.edition.insert(Arc::default())));
                    serve::serve_meanwhile(&site, arguments, open)?;
                }
            },
        }
        Ok(())
    }

    /// Prints a message once if the program has ended by itself.
    fn tell_end(&mut self) -> Result<()> {
        let Some(process) = &mut self.process else { return Ok(()) };
        if let Some(status) = process.try_wait().context("cannot wait for the program")? {
            eprintln!("       Ended {status}");
            self.process = None;
        }
        Ok(())
    }

    fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may just have ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("cannot run `{}`", command::shown(command)))
}
