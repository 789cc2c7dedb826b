//! The caller's side: receives the events of all linkers, until it is told to end.

use std::io::{self, BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use serde_json::Value;

use super::{Event, VARIABLE};

/// One event of one linker.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    /// The number of the linker.
    pub(super) linker: u64,
    /// `None` when the linker has ended.
    pub(super) event: Option<Event>,
}

/// Listens to all linkers that one cargo starts.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
}

impl Listener {
    /// Starts to listen. The receiver gets all events, until [`Listener::end`].
    pub(crate) fn new() -> io::Result<(Self, Receiver<Told>)> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = socket.local_addr()?;
        let ending = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        let ended = ending.clone();
        thread::spawn(move || accept(&socket, &ended, &sender));
        Ok((Self { address, ending }, receiver))
    }

    /// Makes the linkers that this command starts send their events to us.
    pub(crate) fn attach(&self, command: &mut Command) {
        command.env(VARIABLE, self.address.to_string());
    }

    /// Ends the receiver after all events that linkers have sent. The linkers must have ended.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
        // One more connection: `accept` blocks until there is one.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(socket: &TcpListener, ending: &AtomicBool, sender: &Sender<Told>) {
    for linker in 0.. {
        // No connection is left, or the system has failed: in both cases no more events can arrive.
        let Ok((stream, _)) = socket.accept() else { break };
        if ending.load(Ordering::SeqCst) && socket.set_nonblocking(true).is_err() {
            break;
        }
        let sender = sender.clone();
        thread::spawn(move || hear(linker, stream, &sender));
    }
}

fn hear(linker: u64, stream: TcpStream, sender: &Sender<Told>) {
    // The stream may inherit "non-blocking" from the socket, but reads from it must block.
    let lines = stream.set_nonblocking(false).map(|()| BufReader::new(stream).lines());
    let Ok(lines) = lines else { return };
    let events = lines.map_while(Result::ok).map_while(|line| {
        let json: Value = serde_json::from_str(&line).ok()?;
        Event::from_json(&json)
    });
    for event in events {
        // If the caller has ended, there is no receiver.
        let _ = sender.send(Told { linker, event: Some(event) });
    }
    let _ = sender.send(Told { linker, event: None });
}
