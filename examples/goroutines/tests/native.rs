//! The same program, natively: `cargo run -p goroutines`. What it does in Node is in `test.mjs`.
#![cfg(not(target_family = "wasm"))]

use std::process::Command;

#[test]
fn tasks_wait_for_each_other() {
    let output = Command::new(env!("CARGO_BIN_EXE_goroutines")).arg("300").output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = stdout.lines().collect();
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    assert!(lines[0].starts_with("sleep: 300 tasks slept 100 ms each, which took "), "{stdout}");
    let rest = [
        "chain: 300 tasks have counted to 300",
        "sort: 300 numbers have come, sorted: true",
        "mutex: 300 tasks have counted to 300",
        "semaphore: 300 tasks, 100 at the same time",
    ];
    assert_eq!(lines[2..], rest);
}

#[test]
fn deadlock_is_told_with_both_stacks() {
    // Files are shown relative to where the program runs. The text is that of WebAssembly, too.
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_goroutines"));
    let output = command.arg("--dump").current_dir(root).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(without_bytes(&stdout), include_str!("deadlock.txt"), "{stdout}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("all tasks wait for each other: a deadlock"), "{stderr}");
}

/// The text with an ellipsis for how many bytes are in use: that differs from compiler to compiler. Of a stack something is.
fn without_bytes(dump: &str) -> String {
    let line = |line: &str| match line.split_once(" with ") {
        Some((start, rest)) => {
            let (used, end) = rest.split_once(' ').expect("so many bytes");
            assert!((1..65536).contains(&used.parse::<u32>().expect("a number")), "{line}");
            format!("{start} with … {end}\n")
        }
        None => format!("{line}\n"),
    };
    dump.lines().map(line).collect()
}
