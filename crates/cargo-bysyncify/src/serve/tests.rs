//! Tests which files are served, and which are not.

use std::fs;
use std::sync::Arc;

use super::*;

/// A folder with a page, a package and a secret file, side by side.
fn site() -> (tempfile::TempDir, Site) {
    let dir = tempfile::tempdir().unwrap();
    let (page, package) = (dir.path().join("web"), dir.path().join("demo.pkg"));
    let site = Site { page, package, isolated: false, edition: None };
    for (path, text) in [
        ("secret", "secret"),
        ("web/index.html", "index"),
        ("web/a b.css", "style"),
        ("web/.hidden", "hidden"),
        ("web/more/index.html", "more"),
        ("demo.pkg/demo.js", "glue"),
        ("demo.pkg/demo_bg.wasm", "module"),
    ] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    (dir, site)
}

/// Status, content type and content of the response for `path`.
fn get(site: &Site, path: &str) -> (&'static str, &'static str, String) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost:8000\r\n\r\n");
    let Response { status, kind, body, .. } = response(site, &head);
    (status, kind, String::from_utf8(body).unwrap())
}

#[test]
fn ranges_of_bytes_are_served() {
    let (_dir, site) = site();
    for (asked, status, range, content) in [
        ("bytes=0-0", "206 Partial Content", "Content-Range: bytes 0-0/6\r\n", "m"),
        ("bytes=2-3", "206 Partial Content", "Content-Range: bytes 2-3/6\r\n", "du"),
        ("bytes=4-99", "206 Partial Content", "Content-Range: bytes 4-5/6\r\n", "le"),
        ("bytes=1-", "206 Partial Content", "Content-Range: bytes 1-5/6\r\n", "odule"),
        ("bytes=-2", "206 Partial Content", "Content-Range: bytes 4-5/6\r\n", "le"),
        ("bytes=-99", "206 Partial Content", "Content-Range: bytes 0-5/6\r\n", "module"),
        ("bytes=6-", "416 Range Not Satisfiable", "Content-Range: bytes */6\r\n", ""),
        ("bytes=9-12", "416 Range Not Satisfiable", "Content-Range: bytes */6\r\n", ""),
        ("bytes=-0", "416 Range Not Satisfiable", "Content-Range: bytes */6\r\n", ""),
        ("bytes=0-1,3-4", "200 OK", "", "module"),
        ("bytes=3-2", "200 OK", "", "module"),
        ("bytes=x-", "200 OK", "", "module"),
        ("lines=1-2", "200 OK", "", "module"),
    ] {
        let head = format!("GET /pkg/demo_bg.wasm HTTP/1.1\r\nrange: {asked}\r\n\r\n");
        let found = response(&site, &head);
        let body = String::from_utf8(found.body).unwrap();
        assert_eq!((found.status, &*found.range, &*body), (status, range, content), "{asked}");
    }
}

#[test]
fn files_of_the_page_and_of_the_package_are_served_with_their_types() {
    let (_dir, site) = site();
    for (path, kind, content) in [
        ("/", "text/html; charset=utf-8", "index"),
        ("/?query", "text/html; charset=utf-8", "index"),
        ("/more/", "text/html; charset=utf-8", "more"),
        ("/a%20b.css?1#top", "text/css; charset=utf-8", "style"),
        ("/pkg/demo.js", "text/javascript; charset=utf-8", "glue"),
        ("/pkg/demo_bg.wasm", "application/wasm", "module"),
    ] {
        assert_eq!(get(&site, path), ("200 OK", kind, content.to_owned()), "{path}");
    }
}

#[test]
fn nothing_else_is_served() {
    let (_dir, site) = site();
    for path in [
        "/missing.js",
        "/../secret",
        "/%2e%2e/secret",
        "/more/../../secret",
        "/pkg/../secret",
        "/..\\secret",
        "/.hidden",
        "/more",
        "/%zz",
        "/%",
        "secret",
        "",
    ] {
        let expected = format!("{path} is not there");
        assert_eq!(get(&site, path), ("404 Not Found", "text/plain; charset=utf-8", expected));
    }
}

#[test]
fn only_this_machine_may_ask_and_only_for_files() {
    let (_dir, site) = site();
    let status = |head: &str| response(&site, head).status;
    assert_eq!(status("POST / HTTP/1.1\r\n\r\n"), "405 Method Not Allowed");
    assert_eq!(status("HEAD / HTTP/1.0\r\n\r\n"), "200 OK");
    assert_eq!(status("GET / HTTP/1.1\r\nhost: 127.0.0.1:80\r\n\r\n"), "200 OK");
    assert_eq!(status("GET / HTTP/1.1\r\nHost: evil.example:8000\r\n\r\n"), "403 Forbidden");
    assert_eq!(status("GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n"), "403 Forbidden");
}

#[test]
fn usual_port_may_be_taken_but_not_one_that_was_asked_for() {
    let words = |text: &str| text.split_whitespace().map(OsString::from).collect::<Vec<_>>();
    assert_eq!(port(&[]).unwrap(), None);
    assert_eq!(port(&words("--port 8080")).unwrap(), Some(8080));
    let message = |text| port(&words(text)).unwrap_err().to_string();
    assert_eq!(message("--port 70000"), "`70000` is no port: use a number up to 65535");
    assert_eq!(
        message("input.txt"),
        "a program in a page takes no arguments: only `-- --port N`, for the server"
    );

    let usual = listen(None).unwrap();
    let other = listen(None).unwrap();
    let taken = other.local_addr().unwrap().port();
    assert_ne!(usual.local_addr().unwrap().port(), taken);
    assert_eq!(
        listen(Some(taken)).unwrap_err().to_string(),
        format!("cannot listen at port {taken}: give another, `-- --port N`")
    );
}

#[test]
fn pages_ask_whether_they_have_changed_if_they_can() {
    let (_dir, plain) = site();
    let edition = Arc::new(Edition::default());
    let site = Site { edition: Some(Arc::clone(&edition)), ..plain.clone() };
    let page = format!("index{}", edition::SCRIPT);
    let html = "text/html; charset=utf-8";
    assert_eq!(get(&site, "/"), ("200 OK", html, page));
    assert_eq!(get(&site, "/a%20b.css").2, "style");
    let asked = |known: &str| get(&site, &format!("/.bysyncify/edition?{known}"));
    let text = "text/plain; charset=utf-8";
    assert_eq!(asked(""), ("200 OK", text, "0".to_owned()));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| asked("0"));
        edition.change();
        assert_eq!(waiting.join().unwrap(), ("200 OK", text, "1".to_owned()));
    });
    assert_eq!(asked("0").2, "1");
    assert_eq!(get(&plain, "/.bysyncify/edition?").0, "404 Not Found");
}

/// The whole answer to a request for the index.
fn answered(site: Site) -> String {
    use std::io::Read as _;
    let listener = listen(Some(0)).unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    thread::spawn(move || accept(&site, &listener));
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn page_is_isolated_if_that_is_asked_for() {
    let (_dir, site) = site();
    let rest = "Accept-Ranges: bytes\r\nCache-Control: no-store\r\nConnection: close\r\n\r\nindex";
    let first =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n";
    assert_eq!(answered(site.clone()), format!("{first}{rest}"));
    let isolated =
        "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Embedder-Policy: require-corp\r\n";
    let site = Site { isolated: true, ..site };
    assert_eq!(answered(site), format!("{first}{isolated}{rest}"));
}

#[test]
fn script_in_a_page_loads_it_again_after_a_change() {
    use std::process::{Command, Stdio};
    let (_dir, plain) = site();
    let edition = Arc::new(Edition::default());
    let site = Site { edition: Some(Arc::clone(&edition)), ..plain };
    let listener = listen(Some(0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || accept(&site, &listener));
    // Defines in Node what a page has.
    let page = format!(
        "const get = fetch;\n\
         globalThis.fetch = (path) => {{ console.log('asked'); return get('http://{address}' + path); }};\n\
         globalThis.location = {{ reload() {{ console.log('loaded again'); }} }};\n"
    );
    let script = page + include_str!("reload.js");
    let mut node = Command::new(crate::setup::node().unwrap());
    let mut node = node.args(["--eval", &script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut next = || lines.next();
    // The second request waits for the change.
    assert_eq!((next().as_deref(), next().as_deref()), (Some("asked"), Some("asked")));
    edition.change();
    assert_eq!((next().as_deref(), next()), (Some("loaded again"), None));
    assert!(node.wait().unwrap().success());
}
