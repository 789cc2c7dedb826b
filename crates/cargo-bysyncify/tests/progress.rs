//! What is seen of the linker while cargo runs it: by people, by programs, and after Ctrl-C.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const PAUSABLE: &str = r#"
#[link(wasm_import_module = "asyncify")]
unsafe extern "C" { fn stop_unwind(); }
#[unsafe(no_mangle)]
pub extern "C" fn never_called() { unsafe { stop_unwind() } }
fn main() {}
"#;

/// A package with a program.
fn package(main: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"small\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
    fs::create_dir(dir.path().join("src")).unwrap();
    fs::write(dir.path().join("src/main.rs"), main).unwrap();
    dir
}

fn bysyncify(package: &TempDir, words: &str) -> Command {
    let program = env!("CARGO_BIN_EXE_cargo-bysyncify");
    let mut command = Command::new(program);
    if cfg!(target_os = "linux") {
        // In a shell's background Ctrl-C is ignored, by us and so by all that we start.
        command = Command::new("env");
        command.args(["--default-signal=INT", program]);
    }
    command
        .arg("bysyncify")
        .args(words.split_whitespace())
        .current_dir(package.path())
        .env("CARGO_TARGET_DIR", package.path().join("target"))
        .env("CARGO_TERM_COLOR", "never")
        .stdin(Stdio::null());
    command
}

fn build(package: &TempDir, words: &str) -> Output {
    bysyncify(package, words).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The text with `#` for each number.
fn without_figures(text: &str) -> String {
    let word = |word: &str| if word.parse::<f64>().is_ok() { "#".into() } else { word.to_owned() };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn people_see_a_line_in_cargos_style_unless_they_want_none() {
    let package = package(PAUSABLE);
    let output = build(&package, "build");
    let said = stderr(&output);
    let ours: Vec<_> = said.lines().filter(|line| line.contains("Asyncified")).collect();
    let [line] = ours[..] else { panic!("{said}") };
    assert_eq!(
        without_figures(line).replace("MB", "kB"),
        "  Asyncified small.wasm: # of # functions, # kB to # kB in # s"
    );
    assert_eq!(stdout(&output), "");

    fs::write(package.path().join("src/main.rs"), format!("{PAUSABLE}\n// Changed.")).unwrap();
    let output = build(&package, "build -q");
    assert_eq!((stderr(&output), stdout(&output)), (String::new(), String::new()));
    assert!(output.status.success());
}

/// The messages on standard output, which has nothing else.
fn messages(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ours(messages: &[Value]) -> Vec<&Value> {
    let is_ours = |message: &&Value| message["reason"].as_str().unwrap().starts_with("bysyncify-");
    messages.iter().filter(is_ours).collect()
}

#[test]
fn programs_get_messages_beside_cargos() {
    for words in ["build --message-format json", "run --message-format=json-diagnostic-short"] {
        let package = package(PAUSABLE);
        let output = build(&package, words);
        let messages = messages(&output);
        assert_eq!(messages.last().unwrap()["reason"], "build-finished", "{}", stderr(&output));
        assert!(messages.iter().any(|message| message["reason"] == "compiler-artifact"));
        let ours = ours(&messages);
        let [message] = ours[..] else { panic!("{ours:?}") };
        let module = Path::new(message["module"].as_str().unwrap());
        assert_eq!(message["reason"], "bysyncify-module");
        assert_eq!(message["bytes_after"], json!(fs::metadata(module).unwrap().len()));
        assert!(message["bytes_before"].as_u64().unwrap() > 0);
        assert!(message["seconds"]["asyncify"].as_f64().unwrap() > 0.0);
        assert_eq!(message["reused"], json!(false));
    }
}

#[test]
fn failure_is_a_message_too() {
    let package = package(&PAUSABLE.replace("stop_unwind", "get_state"));
    let output = build(&package, "build --message-format json");
    assert_eq!(output.status.code(), Some(101));
    let messages = messages(&output);
    let ours = ours(&messages);
    let [message] = ours[..] else { panic!("{ours:?}") };
    let module = message["module"].as_str().unwrap();
    assert_eq!(message["reason"], "bysyncify-error");
    assert_eq!(
        message["message"],
        format!(
            "cannot make `{module}` pausable: the module imports asyncify.get_state, which \
             Binaryen refuses whatever its documentation says\n  keep the state in the program, as \
             bysyncify does from 0.3 on (is an older one in `cargo tree -i bysyncify`?)"
        )
    );
}

/// Whether a process is there.
fn is_alive(pid: &str) -> bool {
    Command::new("kill").args(["-0", pid]).stderr(Stdio::null()).status().unwrap().success()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Ctrl-C.
fn interrupt(child: &Child) {
    let group = format!("-{}", child.id());
    assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
}

#[test]
fn program_that_does_something_when_interrupted_is_waited_for() {
    let package = package("fn main() {}");
    let manifest = package.path().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let host = "[package.metadata.bysyncify]\nhost = \"host.mjs\"\n";
    fs::write(manifest, text + host).unwrap();
    let script = "import { writeFileSync } from 'node:fs';\n\
                  process.on('SIGINT', () => setTimeout(() => {\n\
                    console.log('saved');\n\
                    process.exit(3);\n\
                  }, 200));\n\
                  setTimeout(() => {}, 60_000);\n\
                  writeFileSync('running', '');\n";
    fs::write(package.path().join("host.mjs"), script).unwrap();
    let child = bysyncify(&package, "run")
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = package.path().join("running");
    wait_until("the program was not run", || running.exists());
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("saved\n", Some(3)));
}

#[test]
fn interrupt_ends_everything_that_was_begun() {
    let package = package(PAUSABLE);
    // It tells its process, and never ends.
    let wasm_opt = package.path().join("wasm-opt");
    let script = "#!/bin/sh\n\
                  [ \"$1\" = --version ] && echo wasm-opt version 132 && exit\n\
                  echo $$ > running.partial && mv running.partial running && exec sleep 600\n";
    fs::write(&wasm_opt, script).unwrap();
    fs::set_permissions(&wasm_opt, fs::Permissions::from_mode(0o755)).unwrap();
    let child = bysyncify(&package, "build --release")
        .env("WASM_OPT", wasm_opt)
        .env("TMPDIR", package.path())
        // As a shell does it, which then sends Ctrl-C to all of them.
        .process_group(0)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let running = package.path().join("running");
    wait_until("wasm-opt was not run", || running.exists());
    // Long enough for the line that says so.
    thread::sleep(Duration::from_millis(1500));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("    Asyncify small.wasm ("), "{said}");
    let pid = fs::read_to_string(running).unwrap();
    wait_until("wasm-opt still runs", || !is_alive(pid.trim()));
    let ours = |entry: fs::DirEntry| entry.file_name().to_string_lossy().contains("bysyncify");
    assert!(!fs::read_dir(package.path()).unwrap().any(|entry| ours(entry.unwrap())));

    // And nothing that looks finished is in the way of the next build.
    let output = build(&package, "build --release");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("Asyncified"), "{}", stderr(&output));
}
