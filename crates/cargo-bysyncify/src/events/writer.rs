//! The linker's side: sends events, and continues whether or not they are received.

use std::env;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Event, Figures, Phase, VARIABLE};

/// Sends the events of one module, from the moment that it is linked.
#[derive(Debug)]
pub(crate) struct Events {
    listener: Option<TcpStream>,
    phase: Option<(Phase, Instant)>,
    seconds: Vec<(Phase, Duration)>,
}

impl Events {
    /// Reports the start of the work on the module at `path`. If it turns out that nothing has to be done, this is
    /// just dropped, and nothing is shown.
    pub(crate) fn start(path: &Path) -> Self {
        Self::start_at(env::var(VARIABLE).ok().as_deref(), path)
    }

    /// The same, for the listener at a given address.
    pub(super) fn start_at(address: Option<&str>, path: &Path) -> Self {
        let listener = address.and_then(connect);
        let mut events = Self { listener, phase: None, seconds: Vec::new() };
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        events.tell(&Event::Start { module: path.to_string_lossy().into_owned(), bytes });
        events
    }

    /// Reports the beginning of a phase.
    pub(crate) fn phase(&mut self, phase: Phase) {
        self.end_phase();
        self.phase = Some((phase, Instant::now()));
        self.tell(&Event::Phase(phase));
    }

    /// Reports the end of the work.
    pub(crate) fn finish(mut self, figures: Figures) {
        self.end_phase();
        let seconds = std::mem::take(&mut self.seconds);
        self.tell(&Event::Finish { figures, seconds });
    }

    /// Reports something the user should know.
    pub(crate) fn warning(&mut self, message: &str) {
        self.tell(&Event::Warning(message.to_owned()));
    }

    /// Reports that the work failed, and why.
    pub(crate) fn failed(mut self, message: &str) {
        self.tell(&Event::Failed(message.to_owned()));
    }

    fn end_phase(&mut self) {
        if let Some((phase, since)) = self.phase.take() {
            self.seconds.push((phase, since.elapsed()));
        }
    }

    fn tell(&mut self, event: &Event) {
        let Some(listener) = &mut self.listener else { return };
        let line = format!("{}\n", event.to_json());
        // The listener may be gone. That must not stop the linker.
        if listener.write_all(line.as_bytes()).is_err() {
            self.listener = None;
        }
    }
}

fn connect(address: &str) -> Option<TcpStream> {
    let address: SocketAddr = address.parse().ok()?;
    let listener = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    // Sends each line at once.
    listener.set_nodelay(true).ok()?;
    Some(listener)
}
