//! The same program, natively: `cargo run -p repl`. What it does in Node is in `test.mjs`.
#![cfg(not(target_family = "wasm"))]

use std::io::Write;
use std::process::{Command, Stdio};
use std::{env, fs, process};

/// What it prints, says that is wrong, and ends with.
fn run(arguments: &[&str], input: &str) -> (String, String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_repl"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn what_is_typed_runs_and_waits() {
    let typed = "let name = input(\"Who? \")\nAda\nfor i in 1..=2 {\n  sleep(0.01); print(`${i}, ${name}`)\n}\n6 * 7\n";
    assert_eq!(run(&[], typed), ("1, Ada\n2, Ada\n=> 42\n".into(), String::new(), Some(0)));
}

#[test]
fn a_script_waits() {
    let path = env::temp_dir().join(format!("repl-{}.rhai", process::id()));
    fs::write(&path, "let line = input(\"\");\nsleep(0.01);\nprint(`${line}!`);\n").unwrap();
    let result = run(&[path.to_str().unwrap()], "one\ntwo\n");
    fs::remove_file(&path).unwrap();
    assert_eq!(result, ("one!\n".into(), String::new(), Some(0)));
}

#[test]
fn a_recursion_that_never_ends_is_an_error_of_the_script() {
    let (printed, wrong, status) = run(&[], "fn f(n) { f(n + 1) }\nf(0)\nprint(7)\n");
    let expected = "Recursion is too deep (line 1, position 1)\n";
    assert_eq!((printed.as_str(), wrong.as_str(), status), ("7\n", expected, Some(0)));
}
