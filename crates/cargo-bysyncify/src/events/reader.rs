//! The caller's side: it hears all linkers, until told that there will be no more.

use std::io::{self, BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use serde_json::Value;

use super::{Event, VARIABLE};

/// What one linker said.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    /// Which linker.
    pub(super) linker: u64,
    /// `None` when it has ended.
    pub(super) event: Option<Event>,
}

/// Listens to all linkers below one cargo.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
}

impl Listener {
    /// Begins. The receiver gets what is told, until [`Listener::end`].
    pub(crate) fn new() -> io::Result<(Self, Receiver<Told>)> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = socket.local_addr()?;
        let ending = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        let ended = ending.clone();
        thread::spawn(move || accept(&socket, &ended, &sender));
        Ok((Self { address, ending }, receiver))
    }

    /// Makes the linkers below this command tell us.
    pub(crate) fn attach(&self, command: &mut Command) {
        command.env(VARIABLE, self.address.to_string());
    }

    /// Makes the receiver end, when all that linkers have said was received. They must have ended.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
        // A last one: `accept` waits for somebody.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(socket: &TcpListener, ending: &AtomicBool, sender: &Sender<Told>) {
    for linker in 0.. {
        // None is left, or something is wrong with the machine: then there is no more to hear.
        let Ok((stream, _)) = socket.accept() else { break };
        if ending.load(Ordering::SeqCst) && socket.set_nonblocking(true).is_err() {
            break;
        }
        let sender = sender.clone();
        thread::spawn(move || hear(linker, stream, &sender));
    }
}

fn hear(linker: u64, stream: TcpStream, sender: &Sender<Told>) {
    // Where it is inherited from the socket: these are waited for.
    let lines = stream.set_nonblocking(false).map(|()| BufReader::new(stream).lines());
    let Ok(lines) = lines else { return };
    let events = lines.map_while(Result::ok).map_while(|line| {
        let json: Value = serde_json::from_str(&line).ok()?;
        Event::from_json(&json)
    });
    for event in events {
        // Nobody receives it if the caller has ended.
        let _ = sender.send(Told { linker, event: Some(event) });
    }
    let _ = sender.send(Told { linker, event: None });
}
