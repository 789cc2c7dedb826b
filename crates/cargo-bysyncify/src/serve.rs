//! A web server for one program: its page, and what wasm-bindgen made of the module.
//!
//! It serves files to this machine only, one request a connection. That is all that a page under
//! development needs.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

const USUAL_PORT: u16 = 8000;

/// Where the files of a site are.
#[derive(Clone, Debug)]
struct Site {
    page: PathBuf,
    /// What is served as `/pkg/…`.
    package: PathBuf,
}

/// Serves until it is interrupted. The arguments may be `--port N`.
pub(crate) fn serve(page: &Path, package: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let index = page.join("index.html");
    if !index.is_file() {
        bail!(
            "the page `{}` is not there: see `package.metadata.bysyncify.web` in the package's \
             Cargo.toml",
            index.display()
        );
    }
    let listener = listen(port(arguments)?)?;
    let address = listener.local_addr().context("cannot tell the port")?;
    eprintln!("     Serving http://{address}/ until Ctrl-C is pressed");
    let site = Site { page: page.to_owned(), package: package.to_owned() };
    for stream in listener.incoming() {
        // Who connected may be gone already.
        let Ok(stream) = stream else { continue };
        let site = site.clone();
        // Browsers open connections that they may use later, so none must wait for another.
        thread::spawn(move || {
            // And they may close one before it has got its answer.
            let _ = answer(&site, &stream);
        });
    }
    Ok(ExitCode::SUCCESS)
}

fn port(arguments: &[OsString]) -> Result<Option<u16>> {
    let mut port = None;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("port") => {
                let value = parser.value()?;
                let number = value.to_str().and_then(|value| value.parse().ok());
                port = Some(number.with_context(|| {
                    format!("`{}` is no port: use a number up to 65535", value.display())
                })?);
            }
            _ => {
                bail!("a program in a page takes no arguments: only `-- --port N`, for the server")
            }
        }
    }
    Ok(port)
}

/// Listens at the port, or at the usual one; if that is taken, at any.
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
    let (status, kind, body) = response(site, &head);
    let length = body.len();
    // What is built anew must be seen at the next reload.
    let headers = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    let mut stream = stream;
    stream.write_all(headers.as_bytes())?;
    if !head.starts_with("HEAD ") {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// Status, content type and content for a request with this head.
fn response(site: &Site, head: &str) -> (&'static str, &'static str, Vec<u8>) {
    let text = "text/plain; charset=utf-8";
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if !["GET", "HEAD"].contains(&method) {
        return ("405 Method Not Allowed", text, b"only GET and HEAD".to_vec());
    }
    // A page elsewhere can have its own name lead here; the browser tells which name was used.
    if !is_local(head) {
        return ("403 Forbidden", text, b"only for this machine".to_vec());
    }
    match file(site, target).and_then(|path| Some((fs::read(&path).ok()?, content_type(&path)))) {
        Some((content, kind)) => ("200 OK", kind, content),
        None => ("404 Not Found", text, format!("{target} is not there").into_bytes()),
    }
}

/// Whether the host that was asked for, if any, is this machine.
fn is_local(head: &str) -> bool {
    let named = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then_some(value.trim())
    });
    let host = named.map(|named| named.rsplit_once(':').map_or(named, |(host, _)| host));
    host.is_none_or(|host| ["localhost", "127.0.0.1"].contains(&host))
}

/// The file that is meant; there may be none of that name.
fn file(site: &Site, target: &str) -> Option<PathBuf> {
    let path = decoded(target.split(['?', '#']).next()?)?;
    let path = path.strip_prefix('/')?;
    let (folder, path) = match path.strip_prefix("pkg/") {
        Some(path) => (&site.package, path),
        None => (&site.page, path),
    };
    // Names only: nothing that leads out of the folder, on any system.
    if path.split('/').any(|name| name.starts_with('.') || name.contains(['\\', ':', '\0'])) {
        return None;
    }
    let file = folder.join(path);
    Some(if path.is_empty() || path.ends_with('/') { file.join("index.html") } else { file })
}

/// The text with `%20` and the like replaced.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// Browsers insist on the right one for modules, of either kind.
fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "txt" | "md" | "ts" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
