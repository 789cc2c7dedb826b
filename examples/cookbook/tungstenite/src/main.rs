//! WebSockets of `tungstenite`: `read` returns a message when there is one.
//!
//! `cookbook-tungstenite URL WORD…` sends each word, and prints the answers. `cookbook-tungstenite --serve` is the
//! other side, for one client: it sends back what it gets, reversed.

use std::error::Error;

use cookbook_host::{self as host, Listener, Socket};
use tungstenite::http::Uri;
use tungstenite::{Message, accept, client};

/// The size of the stack. `COOKBOOK_STATS=1` prints how much of it was used.
const STACK_SIZE: usize = 256 * 1024;

fn main() {
    host::run(STACK_SIZE, || match host::argument(0).as_deref() {
        Some("--serve") => serve(),
        Some(url) => talk(url),
        None => Err("pass the address of a server, and words".into()),
    });
}

fn talk(url: &str) -> Result<(), Box<dyn Error>> {
    let uri: Uri = url.parse()?;
    let name = uri.host().ok_or("the address has no host")?;
    let socket = Socket::connect(name, uri.port_u16().unwrap_or(80))?;
    let (mut socket, _) = client(url, socket).map_err(|error| error.to_string())?;
    for word in (1..).map_while(host::argument) {
        socket.send(Message::text(word))?;
        let answer = loop {
            match socket.read()? {
                // `tungstenite` answers the former by itself.
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Text(text) => break text.to_string(),
                other => break format!("{} bytes", other.len()),
            }
        };
        host::print(&answer);
    }
    socket.close(None)?;
    // Waits until the other side has closed it, too.
    while socket.read().is_ok() {}
    Ok(())
}

fn serve() -> Result<(), Box<dyn Error>> {
    let listener = Listener::bind(0)?;
    host::print(&format!("ws://localhost:{}/", listener.port()));
    let mut socket = accept(listener.accept()?).map_err(|error| error.to_string())?;
    while let Ok(message) = socket.read() {
        if let Message::Text(text) = message {
            socket.send(Message::text(text.chars().rev().collect::<String>()))?;
        }
    }
    Ok(())
}
