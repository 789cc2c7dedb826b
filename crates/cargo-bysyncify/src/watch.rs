//! Runs cargo, and shows meanwhile what its linkers do.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::command;
use crate::events::{Display, Listener, Messages, Style, Told};

/// How often a line that changes is updated.
const TICK: Duration = Duration::from_millis(250);

/// What is shown of the linkers' events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watch {
    /// Whether people see nothing.
    pub(crate) quiet: bool,
    /// Whether messages for programs go to standard output.
    pub(crate) json: bool,
    /// The value of `--color`.
    pub(crate) colour: Option<String>,
}

impl Watch {
    /// Runs cargo; its output is shown.
    pub(crate) fn status(&self, cargo: &mut Command) -> Result<ExitStatus> {
        let stdout = if self.json { Stdout::Shown } else { Stdout::Untouched };
        self.run(cargo, stdout).map(|(status, _)| status)
    }

    /// Runs cargo, which prints messages for programs. These are returned, and shown only if they were asked for.
    pub(crate) fn messages(&self, cargo: &mut Command) -> Result<(ExitStatus, Vec<u8>)> {
        self.run(cargo, if self.json { Stdout::KeptAndShown } else { Stdout::Kept })
    }

    fn run(&self, cargo: &mut Command, stdout: Stdout) -> Result<(ExitStatus, Vec<u8>)> {
        let (listener, told) = match Listener::new() {
            Ok((listener, told)) => {
                listener.attach(cargo);
                (Some(listener), Some(told))
            }
            // Messages are the input of another program. What people see is only for convenience.
            Err(error) if self.json => {
                return Err(error).context("cannot listen on 127.0.0.1 to what linkers tell");
            }
            Err(_) => (None, None),
        };
        if stdout != Stdout::Untouched {
            cargo.stdout(Stdio::piped());
        }
        let mut child =
            cargo.spawn().with_context(|| format!("cannot run `{}`", command::shown(cargo)))?;
        let output = child.stdout.take();
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let printed = scope.spawn(move || output.map(|output| pass_on(output, stdout)));
            let status = scope.spawn(|| {
                let status = child.wait();
                ended.store(true, Ordering::SeqCst);
                if let Some(listener) = &listener {
                    listener.end();
                }
                status
            });
            if let Some(told) = &told {
                self.show(told, &ended);
            }
            let joined = "a thread of ours has panicked";
            let printed = printed.join().expect(joined).transpose();
            let status = status.join().expect(joined).context("cannot wait for cargo")?;
            let printed = printed.context("cannot pass on what cargo prints")?;
            Ok((status, printed.unwrap_or_default()))
        })
    }

    /// Shows the events, until there are no more.
    fn show(&self, told: &Receiver<Told>, ended: &AtomicBool) {
        let style = Style::for_stderr(self.colour.as_deref());
        let mut display = (!self.quiet).then(|| Display::new(io::stderr(), style));
        let mut messages = self.json.then(Messages::default);
        loop {
            let told = told.recv_timeout(TICK);
            // If the output is closed, the build continues.
            if let Some(display) = &mut display {
                let _ = match &told {
                    Ok(told) => display.hear(told, Instant::now()),
                    Err(_) => display.tick(Instant::now()),
                };
            }
            match told {
                Ok(told) => {
                    if let Some(message) = messages.as_mut().and_then(|all| all.hear(&told)) {
                        let _ = writeln!(io::stdout(), "{message}");
                    }
                }
                // A linker that is still connected does not belong to this cargo.
                Err(RecvTimeoutError::Timeout) if ended.load(Ordering::SeqCst) => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if let Some(display) = &mut display {
            let _ = display.end();
        }
    }
}

/// What happens to cargo's standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stdout {
    /// Cargo inherits ours.
    Untouched,
    Shown,
    Kept,
    KeptAndShown,
}

/// Shows and returns the output of a program.
fn pass_on(output: impl Read, stdout: Stdout) -> io::Result<Vec<u8>> {
    let mut output = BufReader::new(output);
    let mut kept = Vec::new();
    let mut line = Vec::new();
    // Line by line, so that our lines do not split cargo's.
    while output.read_until(b'\n', &mut line)? > 0 {
        if stdout != Stdout::Kept {
            let mut shown = io::stdout().lock();
            shown.write_all(&line)?;
            shown.flush()?;
        }
        if stdout != Stdout::Shown {
            kept.extend_from_slice(&line);
        }
        line.clear();
    }
    Ok(kept)
}
