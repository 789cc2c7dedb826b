//! The linker's side: it tells, and goes on whether anybody hears it or not.

use std::env;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Event, Figures, Phase, VARIABLE};

/// What is told of one module, from the moment that it is linked.
#[derive(Debug)]
pub(crate) struct Events {
    listener: Option<TcpStream>,
    phase: Option<(Phase, Instant)>,
    seconds: Vec<(Phase, Duration)>,
}

impl Events {
    /// Begins with the module at `path`. If it turns out that nothing has to be done to it, this
    /// is just dropped, and nobody sees anything.
    pub(crate) fn start(path: &Path) -> Self {
        Self::start_at(env::var(VARIABLE).ok().as_deref(), path)
    }

    /// The same, for whoever listens at an address.
    pub(super) fn start_at(address: Option<&str>, path: &Path) -> Self {
        let listener = address.and_then(connect);
        let mut events = Self { listener, phase: None, seconds: Vec::new() };
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        events.tell(&Event::Start { module: path.to_string_lossy().into_owned(), bytes });
        events
    }

    /// Says what is done from now on.
    pub(crate) fn phase(&mut self, phase: Phase) {
        self.end_phase();
        self.phase = Some((phase, Instant::now()));
        self.tell(&Event::Phase(phase));
    }

    /// Says that all is done.
    pub(crate) fn finish(mut self, figures: Figures) {
        self.end_phase();
        let seconds = std::mem::take(&mut self.seconds);
        self.tell(&Event::Finish { figures, seconds });
    }

    /// Says what is worth to be known.
    pub(crate) fn warning(&mut self, message: &str) {
        self.tell(&Event::Warning(message.to_owned()));
    }

    /// Says that it cannot be done, and why.
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
        // Who listened may be gone, which is no reason not to link.
        if listener.write_all(line.as_bytes()).is_err() {
            self.listener = None;
        }
    }
}

fn connect(address: &str) -> Option<TcpStream> {
    let address: SocketAddr = address.parse().ok()?;
    let listener = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    // Each line is to be seen at once.
    listener.set_nodelay(true).ok()?;
    Some(listener)
}
