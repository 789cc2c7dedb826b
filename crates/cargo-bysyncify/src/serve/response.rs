//! The response to a request: a file of the site, or a part of a file.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::edition::{self, Edition};

/// The folders of a site.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) page: PathBuf,
    /// The folder that is served as `/pkg/…`.
    pub(crate) package: PathBuf,
    /// Whether pages are [cross-origin isolated]. Without that there is no shared memory.
    ///
    /// [cross-origin isolated]: https://developer.mozilla.org/en-US/docs/Web/API/Window/crossOriginIsolated
    pub(crate) isolated: bool,
    /// The version of the files, if pages are reloaded after a change.
    pub(crate) edition: Option<Arc<Edition>>,
}

#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: &'static str,
    /// The content's type.
    pub(super) kind: &'static str,
    /// The header that says which part of the file this is; empty for a whole file.
    pub(super) range: String,
    pub(super) body: Vec<u8>,
}

impl Response {
    fn text(status: &'static str, text: &str) -> Self {
        let kind = "text/plain; charset=utf-8";
        Self { status, kind, range: String::new(), body: text.as_bytes().to_vec() }
    }
}

/// The response to a request with this head.
pub(super) fn response(site: &Site, head: &str) -> Response {
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if !["GET", "HEAD"].contains(&method) {
        return Response::text("405 Method Not Allowed", "only GET and HEAD");
    }
    // A page elsewhere can make its own domain name resolve to this machine. The browser sends the name that was
    // used.
    if !is_local(head) {
        return Response::text("403 Forbidden", "only for this machine");
    }
    if let (Some(edition), Some((edition::PATH, known))) = (&site.edition, target.split_once('?')) {
        return Response::text("200 OK", &edition.after(known));
    }
    let found = file(site, target).and_then(|path| part(&path, header(head, "range")).ok());
    let found = found.map(|mut response| {
        if site.edition.is_some() && response.kind == HTML && response.range.is_empty() {
            response.body.extend_from_slice(edition::SCRIPT.as_bytes());
        }
        response
    });
    found.unwrap_or_else(|| Response::text("404 Not Found", &format!("{target} is not there")))
}

/// The part of a file that the value of a `Range` header asks for.
fn part(path: &Path, asked: Option<&str>) -> std::io::Result<Response> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let asked = asked.and_then(|asked| bytes(asked, length));
    let (status, range) = match &asked {
        None => ("200 OK", String::new()),
        Some(part) if part.is_empty() => {
            ("416 Range Not Satisfiable", format!("Content-Range: bytes */{length}\r\n"))
        }
        Some(Range { start, end }) => {
            let range = format!("Content-Range: bytes {start}-{}/{length}\r\n", end - 1);
            ("206 Partial Content", range)
        }
    };
    let Range { start, end } = asked.unwrap_or(0..length);
    let mut body = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(end.saturating_sub(start)).read_to_end(&mut body)?;
    Ok(Response { status, kind: content_type(path), range, body })
}

/// The requested bytes, in a file of this length. `None` means the whole file, which is a valid answer to a header
/// with several ranges, or with an error.
fn bytes(asked: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => Some(first..last.saturating_add(1).min(length)),
        (Ok(first), Err(_)) if last.is_empty() => Some(first..length),
        (Err(_), Ok(count)) if first.is_empty() => Some(length.saturating_sub(count)..length),
        _ => None,
    }
}

/// The value of a header, if it is there.
fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then_some(value.trim())
    })
}

/// Whether the requested host, if any, is this machine.
fn is_local(head: &str) -> bool {
    let host =
        header(head, "host").map(|named| named.rsplit_once(':').map_or(named, |(host, _)| host));
    host.is_none_or(|host| ["localhost", "127.0.0.1"].contains(&host))
}

/// The file that a request names; it may not exist.
fn file(site: &Site, target: &str) -> Option<PathBuf> {
    let path = decoded(target.split(['?', '#']).next()?)?;
    let path = path.strip_prefix('/')?;
    let (folder, path) = match path.strip_prefix("pkg/") {
        Some(path) => (&site.package, path),
        None => (&site.page, path),
    };
    // Only plain names are accepted: nothing that leads out of the folder, on any system.
    if path.split('/').any(|name| name.starts_with('.') || name.contains(['\\', ':', '\0'])) {
        return None;
    }
    let file = folder.join(path);
    Some(if path.is_empty() || path.ends_with('/') { file.join("index.html") } else { file })
}

/// Decodes `%20` and similar escapes.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

const HTML: &str = "text/html; charset=utf-8";

/// The content type. Browsers require the right one for JavaScript modules and for wasm modules.
fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => HTML,
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
