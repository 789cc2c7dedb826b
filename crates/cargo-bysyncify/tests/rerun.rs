//! `cargo bysyncify run --watch`, with the real cargo and Node: what is changed is built and run again.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// The command, as long as a test has use for it.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(package: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"))
            .args(["bysyncify", "run", "--watch", "--quiet"])
            .current_dir(package)
            .env("CARGO_TARGET_DIR", package.join("target"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines() {
                    // The test may have ended.
                    let _ = sender.send(line.unwrap());
                }
            });
        }
        Self { child, lines }
    }

    /// Waits for lines that contain these: what is run does not wait for what we say, or we for it.
    fn expect(&self, wanted: &[&str]) {
        let mut missing = wanted.to_vec();
        let mut said = String::new();
        while !missing.is_empty() {
            match self.lines.recv_timeout(Duration::from_secs(300)) {
                Ok(line) => {
                    missing.retain(|wanted| !line.contains(wanted));
                    said += &(line + "\n");
                }
                Err(error) => panic!("{error}: no {missing:?} in\n{said}"),
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn program_is_built_and_run_again_when_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| fs::write(dir.path().join(file), text).unwrap();
    fs::create_dir(dir.path().join("src")).unwrap();
    write(
        "Cargo.toml",
        "[package]\nname = \"small\"\nedition = \"2024\"\n[workspace]\n\
         [package.metadata.bysyncify]\nhost = \"host.mjs\"\n",
    );
    write(
        "src/main.rs",
        "#[unsafe(no_mangle)] pub extern \"C\" fn answer() -> i32 { 1 } fn main() {}",
    );
    let host = |what: &str| {
        format!(
            "import {{ readFileSync }} from 'node:fs';\n\
             const module = new WebAssembly.Module(readFileSync(process.argv[2]));\n\
             console.log('{what}', new WebAssembly.Instance(module).exports.answer());\n"
        )
    };
    // It does not end by itself.
    write("host.mjs", &(host("first") + "setInterval(() => {}, 1000);\n"));
    let watching = Watching::start(dir.path());
    let files = |count| format!("    Watching {count} files until Ctrl-C is pressed");
    watching.expect(&["first 1", &files(3)]);

    write("src/main.rs", "mod answer; fn main() {}");
    watching.expect(&["error[E0583]", &files(3)]);
    write("src/answer.rs", "#[unsafe(no_mangle)] pub extern \"C\" fn answer() -> i32 { 2 }");
    watching.expect(&["first 2", &files(4)]);

    write("host.mjs", &host("second"));
    watching.expect(&["second 2", "       Ended exit status: 0"]);
    write("src/answer.rs", "#[unsafe(no_mangle)] pub extern \"C\" fn answer() -> i32 { 3 }");
    watching.expect(&["second 3"]);
}
