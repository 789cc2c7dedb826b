//! `cargo bysyncify new`: what it makes runs at once, with our commands and with plain cargo.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use cargo_bysyncify::setup;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-bysyncify");

const WASI: &str = "wasm32-wasip1";

/// What a new project prints.
const PRINTED: &str = "\
trees: ash
fruit: apples and apricots
trees: birch and beech
fruit: bananas
fruit: cherries
trees: cedar, cypress and chestnut
6 lines
";

/// What was printed, with the lines of each file together. Timers decide which file's comes first, and on a busy machine
/// they are late.
fn by_file(printed: &str) -> Vec<&str> {
    let mut lines: Vec<_> = printed.lines().collect();
    let file = |line: &&str| line.split_once(": ").map(|(file, _)| file.to_owned());
    // What is of no file stays the last line.
    let last = lines.pop();
    lines.sort_by_key(file);
    lines.extend(last);
    lines
}

/// What a project's only test prints. What the harness does has nowhere to be printed to.
const TOLD: &str = "test: a\ntest: b\n";

/// What the harness says of it natively.
const PASSED: &str = "test tests::lines_are_counted_though_each_byte_takes_its_time ... ok";

/// `cargo`, as it is where our programs were installed and the compiler has the wasm target.
fn cargo(folder: &Path, words: &str) -> Command {
    let mut path = OsString::from(Path::new(PROGRAM).parent().unwrap());
    path.push(if cfg!(windows) { ";" } else { ":" });
    path.push(env::var_os("PATH").unwrap());
    let mut command = Command::new("cargo");
    command.args(words.split_whitespace()).current_dir(folder).env("PATH", path);
    // Of cargo's own, whose test this is: an installed program does not get them.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_") && name != "CARGO_HOME") {
            command.env_remove(name);
        }
    }
    let config = fs::read_to_string(folder.join(".cargo/config.toml")).unwrap_or_default();
    let is_wasi = config.contains(WASI);
    let target = if is_wasi { WASI } else { "wasm32-unknown-unknown" };
    setup::wasm_target(target).unwrap().apply(&mut command);
    // What the projects depend on is compiled once for all tests of a kind.
    let kind = match folder.join("web").exists() {
        true => "web",
        false if is_wasi => "wasi",
        false => "node",
    };
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join(kind));
    command
}

/// `cargo`, for the host, whose triple is to come last.
fn native(folder: &Path, words: &str) -> Command {
    let mut command = cargo(folder, words);
    command.arg(setup::host_triple().unwrap());
    // The compiler that has the wasm target need not have this one.
    command.env_remove("RUSTC").env_remove("RUSTDOC").env_remove("RUSTC_BOOTSTRAP");
    command
}

fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The files in a folder and below it, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

#[test]
fn project_for_wasi_runs_at_once_and_with_plain_cargo() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(cargo(dir.path(), "bysyncify new --wasi demo"));
    assert!(output.status.success(), "{}", stderr(&output));
    let demo = dir.path().join("demo");
    let output = run(cargo(&demo, "fmt --check"));
    assert!(output.status.success(), "{}", stdout(&output));
    // What is built for is what the project's configuration says.
    for words in ["bysyncify run", "bysyncify run --release", "run"] {
        let output = run(cargo(&demo, words));
        assert_eq!(by_file(&stdout(&output)), by_file(PRINTED), "{words}: {}", stderr(&output));
        assert_eq!(output.status.code(), Some(0), "{words}");
    }
    let output = run(native(&demo, "test --target"));
    assert!(stdout(&output).contains(PASSED), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn project_is_of_one_kind() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(cargo(dir.path(), "bysyncify new --wasi --web demo"));
    let said = stderr(&output);
    let message = "error: the argument '--wasi' cannot be used with '--web'\n";
    assert!(said.starts_with(message), "{said}");
    assert_eq!((output.status.code(), files(dir.path())), (Some(2), Vec::new()));
}

#[test]
fn new_project_runs_at_once_and_with_plain_cargo() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(cargo(dir.path(), "bysyncify new demo"));
    assert_eq!(
        stderr(&output),
        format!(
            "     Created `demo`, which depends on bysyncify in `{}`\n      \
             Run it with `cd demo && cargo bysyncify run`\n",
            checkout().display()
        )
    );
    let demo = dir.path().join("demo");
    let names: Vec<_> = files(&demo)
        .iter()
        .map(|file| file.strip_prefix(&demo).unwrap().display().to_string())
        .collect();
    let expected = [
        ".cargo/config.toml",
        ".gitignore",
        "Cargo.toml",
        "host.mjs",
        "src/host.rs",
        "src/main.rs",
        "src/native.rs",
    ];
    assert_eq!(names, expected);

    let output = run(cargo(&demo, "fmt --check"));
    assert!(output.status.success(), "{}", stdout(&output));
    for words in ["bysyncify run", "bysyncify run --release", "run", "run --release"] {
        let output = run(cargo(&demo, words));
        assert_eq!(by_file(&stdout(&output)), by_file(PRINTED), "{words}: {}", stderr(&output));
        assert_eq!(output.status.code(), Some(0), "{words}");
    }
    // The two ways do not make each other compile anything again.
    let output = run(cargo(&demo, "bysyncify build"));
    assert!(!stderr(&output).contains("Compiling"), "{}", stderr(&output));

    // Its test passes as WebAssembly, and natively.
    let output = run(cargo(&demo, "bysyncify test"));
    assert_eq!((stdout(&output).as_str(), output.status.code()), (TOLD, Some(0)));
    let output = run(native(&demo, "test --target"));
    assert!(stdout(&output).contains(PASSED), "{}{}", stdout(&output), stderr(&output));
    let output = run(native(&demo, "run --target"));
    assert_eq!(by_file(&stdout(&output)), by_file(PRINTED), "{}", stderr(&output));

    let main = demo.join("src/main.rs");
    let text = fs::read_to_string(&main).unwrap();
    fs::write(
        &main,
        text + "\n#[test]\nfn fails() {\n    host::print(\"in a test\");\n    panic!();\n}\n",
    )
    .unwrap();
    for words in ["bysyncify test", "test"] {
        let output = run(cargo(&demo, words));
        assert!(stdout(&output).ends_with("in a test\n"), "{words}: {}", stderr(&output));
        assert!(!output.status.success(), "{words}");
    }
}

#[test]
fn project_in_a_workspace_is_none_of_its_members() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = "[workspace]\nmembers = []\n";
    fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
    assert!(run(cargo(dir.path(), "bysyncify new demo")).status.success());
    assert_eq!(fs::read_to_string(dir.path().join("Cargo.toml")).unwrap(), manifest);
    let output = run(cargo(&dir.path().join("demo"), "metadata --no-deps --format-version 1"));
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn what_cannot_be_made_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("taken"), "mine").unwrap();
    let long = "n".repeat(300);
    let said = |result: std::io::Result<()>| result.unwrap_err().to_string();
    let no_folder = said(fs::create_dir_all(dir.path().join("taken")));
    let too_long = said(fs::create_dir(dir.path().join(&long)));
    for (words, message) in [
        ("taken", "`taken` is there already: choose another name, or remove it"),
        ("taken/demo", &format!("cannot create `DIR/taken`: {no_folder}")),
        ("..", "`..` does not end in a name: say what the project is to be called"),
        ("2x", "invalid character `2` in package name: `2x`, the name cannot start with a digit"),
        (
            "futures",
            "a project cannot be called `futures` and use the crate of that name: choose another",
        ),
        (
            "demo --path nowhere",
            "`nowhere` has no Cargo.toml: --path takes the folder of the crate bysyncify",
        ),
        (&long, &format!("cannot make `LONG`: cannot rename what was written: {too_long}")),
    ] {
        let mut command = cargo(dir.path(), "bysyncify new");
        command.args(words.split_whitespace());
        let output = run(command);
        let said = stderr(&output)
            .replace(&dir.path().display().to_string(), "DIR")
            .replace(&long, "LONG");
        assert_eq!(said, format!("error: {message}\n"));
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert_eq!(files(dir.path()), [dir.path().join("taken")], "{words}");
    }
}

/// A running server. It ends with the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let address = loop {
            let Some(Ok(line)) = lines.next() else { panic!("no server was started:\n{said}") };
            if let Some(rest) = line.strip_prefix("     Serving http://") {
                break rest.strip_suffix("/ until Ctrl-C is pressed").unwrap().to_owned();
            }
            said += &(line + "\n");
        };
        Self { child, address }
    }

    /// Content type and content.
    fn get(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let kind = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap();
        (kind.to_owned(), answer[end + 4..].to_vec())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What stands for the page, in Node: the program prints into its one element.
const PAGE: &str = "\
globalThis.document = { querySelector: () => ({ append: (...text) => process.stdout.write(text.join('')) }) };
const [glue, wasm] = process.argv.slice(1);
const { default: start } = await import(glue);
const { readFile } = await import('node:fs/promises');
await start({ module_or_path: await readFile(wasm) });
";

#[test]
fn project_for_browsers_is_served_and_runs() {
    let dir = tempfile::tempdir().unwrap();
    assert!(run(cargo(dir.path(), "bysyncify new --web page")).status.success());
    let page = dir.path().join("page");
    // The version that the other tests use: its command line tool takes minutes to build.
    let output = run(cargo(&page, "update --quiet wasm-bindgen --precise 0.2.130"));
    assert!(output.status.success(), "{}", stderr(&output));

    let output = run(cargo(&page, "fmt --check"));
    assert!(output.status.success(), "{}", stdout(&output));
    for words in ["bysyncify run -- --port 0", "run -- --port 0"] {
        let server = Server::start(cargo(&page, words));
        let index = fs::read(page.join("web/index.html")).unwrap();
        assert_eq!(server.get("/"), ("text/html; charset=utf-8".to_owned(), index));
        let (glue, script) = server.get("/pkg/page.js");
        let (wasm, module) = server.get("/pkg/page_bg.wasm");
        assert_eq!(
            (glue.as_str(), wasm.as_str()),
            ("text/javascript; charset=utf-8", "application/wasm")
        );

        // And the same two files, where Node finds them.
        let built = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("web/wasm32-unknown-unknown/debug/page.pkg");
        assert!(fs::read(built.join("page.js")).unwrap() == script);
        assert!(fs::read(built.join("page_bg.wasm")).unwrap() == module);
        let mut node = Command::new(setup::node().unwrap());
        node.args(["--input-type=module", "--eval", PAGE, "--"]);
        node.arg(built.join("page.js")).arg(built.join("page_bg.wasm"));
        let output = run(node);
        assert_eq!(by_file(&stdout(&output)), by_file(PRINTED), "{}", stderr(&output));
    }
}

/// What is prepared for us is an ordinary package, whose cargo then makes pausable modules.
#[test]
fn package_that_is_there_gets_what_it_lacks_and_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let demo = dir.path().join("demo");
    assert!(run(cargo(dir.path(), "new --quiet --vcs none demo")).status.success());
    let code = "fn main() {\n    drop(bysyncify::Coroutine::with_default_stack(|_| 6 * 7));\n}\n";
    fs::write(demo.join("src/main.rs"), code).unwrap();
    let init = || stderr(&run(cargo(dir.path(), "bysyncify init demo")));
    let said = init();
    let created = "     Created `demo/.cargo/config.toml`, which names the linker\n";
    assert!(said.contains("      Adding bysyncify (local) to dependencies"), "{said}");
    assert!(said.ends_with(created), "{said}");
    let before: Vec<_> = files(&demo).iter().map(|file| fs::read(file).unwrap()).collect();
    assert_eq!(
        init(),
        "        Kept the dependency on bysyncify\n        \
         Kept `demo/.cargo/config.toml`, which names the linker\n"
    );
    let after: Vec<_> = files(&demo).iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(before == after);
    // It would trap if the linker had not been there: the imports of Asyncify's would be missing.
    let output = run(cargo(&demo, "run --target wasm32-unknown-unknown"));
    assert!(output.status.success(), "{}", stderr(&output));

    // What somebody wrote is his.
    fs::write(demo.join(".cargo/config.toml"), "# mine\n").unwrap();
    let said = init();
    let note = "        Note `demo/.cargo/config.toml` is there already: add this to it by hand\n";
    assert!(said.contains(note) && said.contains("\nlinker = \"bysyncify-ld\"\n"), "{said}");
    assert_eq!(fs::read_to_string(demo.join(".cargo/config.toml")).unwrap(), "# mine\n");

    let empty = tempfile::tempdir().unwrap();
    let output = run(cargo(empty.path(), "bysyncify init"));
    assert_eq!(
        stderr(&output),
        "error: `.` has no Cargo.toml: `cargo bysyncify new NAME` makes a package\n"
    );
}
