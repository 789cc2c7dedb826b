//! A web server for one program: serves its page, and wasm-bindgen's output for the module.
//!
//! It serves files and byte ranges of files, to this machine only, with one request per connection. A page under
//! development needs no more.

mod edition;
mod response;

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::response::{Response, response};

pub(crate) use self::edition::Edition;
pub(crate) use self::response::Site;

const USUAL_PORT: u16 = 8000;

/// The headers that make a page [isolated](Site::isolated).
const ISOLATION: &str =
    "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Embedder-Policy: require-corp\r\n";

/// Serves until it is interrupted. The arguments may contain `--port N`.
pub(crate) fn serve(site: &Site, arguments: &[OsString], open: bool) -> Result<ExitCode> {
    let (listener, address) = started(site, arguments)?;
    if open {
        show(&address);
    }
    accept(site, &listener);
    Ok(ExitCode::SUCCESS)
}

/// Serves in a thread of its own, as long as the process lives.
pub(crate) fn serve_meanwhile(site: &Site, arguments: &[OsString], open: bool) -> Result<()> {
    let (listener, address) = started(site, arguments)?;
    let site = site.clone();
    thread::spawn(move || accept(&site, &listener));
    if open {
        show(&address);
    }
    Ok(())
}

/// Starts to listen, and prints the address. A connection is answered only after [`accept`] is called.
fn started(site: &Site, arguments: &[OsString]) -> Result<(TcpListener, String)> {
    let index = site.page.join("index.html");
    if !index.is_file() {
        bail!(
            "the page `{}` is not there: see `package.metadata.bysyncify.web` in the package's \
             Cargo.toml",
            index.display()
        );
    }
    let listener = listen(port(arguments)?)?;
    let address = listener.local_addr().context("cannot tell the port")?;
    let address = format!("http://{address}/");
    eprintln!("     Serving {address} until Ctrl-C is pressed");
    Ok((listener, address))
}

/// Opens the page in the user's browser.
fn show(address: &str) {
    if let Err(error) = open::that_detached(address) {
        eprintln!("     Warning no browser could be started ({error}): open {address} in one");
    }
}

fn accept(site: &Site, listener: &TcpListener) {
    for stream in listener.incoming() {
        // The client may be gone already.
        let Ok(stream) = stream else { continue };
        let site = site.clone();
        // Browsers open connections for later use, so no connection must wait for another.
        thread::spawn(move || {
            // A browser may close a connection before the answer is written.
            let _ = answer(&site, &stream);
        });
    }
}

fn port(arguments: &[OsString]) -> Result<Option<u16>> {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    let value = match words.iter().map(AsRef::as_ref).collect::<Vec<&str>>()[..] {
        [] => return Ok(None),
        ["--port", value] => Some(value),
        [word] => word.strip_prefix("--port="),
        _ => None,
    };
    let value = value
        .context("a program in a page takes no arguments: only `-- --port N`, for the server")?;
    let port = value.parse();
    port.map(Some).with_context(|| format!("`{value}` is no port: use a number up to 65535"))
}

/// Listens at the given port, or at the usual one; if that is in use, at any free port.
fn listen(port: Option<u16>) -> Result<TcpListener> {
    let at = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let (listener, port) = match port {
        Some(port) => (at(port), port),
        None => match at(USUAL_PORT) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => (at(0), 0),
            other => (other, USUAL_PORT),
        },
    };
    listener.with_context(|| format!("cannot listen at port {port}: give another, `-- --port N`"))
}

fn answer(site: &Site, stream: &TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut head = String::new();
    // No browser sends more than this.
    let mut lines = BufReader::new(stream.take(64 * 1024));
    while lines.read_line(&mut head)? > 2 {}
    if head.is_empty() {
        return Ok(());
    }
    let Response { status, kind, range, body } = response(site, &head);
    let length = body.len();
    // After a new build the next reload must show the new files.
    let isolation = if site.isolated { ISOLATION } else { "" };
    let headers = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{range}{isolation}\
         Accept-Ranges: bytes\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    let mut stream = stream;
    stream.write_all(headers.as_bytes())?;
    if !head.starts_with("HEAD ") {
        stream.write_all(&body)?;
    }
    stream.flush()
}

#[cfg(test)]
mod tests;
