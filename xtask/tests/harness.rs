//! Proves the harness: modules written by hand, run by `xtask run` on both engines, must pass and
//! fail for the reasons they are made for.

use std::process::Command;

use tempfile::TempDir;

/// What `xtask run` printed, and its exit code.
struct Outcome {
    text: String,
    code: Option<i32>,
}

impl Outcome {
    /// Asserts the counts of the last line, and that the exit code agrees with them.
    #[track_caller]
    fn assert_total(&self, passed: usize, failed: usize) {
        let expected = format!("total: {passed} passed, {failed} failed");
        assert_eq!(self.text.trim_end().lines().last(), Some(&*expected), "{}", self.text);
        assert_eq!(self.code, Some(i32::from(failed > 0)), "{}", self.text);
    }

    #[track_caller]
    fn assert_shows(&self, part: &str, times: usize) {
        assert_eq!(self.text.matches(part).count(), times, "`{part}` in:\n{}", self.text);
    }
}

fn run_with(wat: &str, options: &[&str]) -> Outcome {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("module.wasm");
    let bytes = wat::parse_str(wat).expect("valid text");
    std::fs::write(&path, bytes).expect("the folder can be written to");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("run")
        .arg(&path)
        .args(options)
        .output()
        .expect("xtask can be run");
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Outcome { text: text.concat(), code: output.status.code() }
}

fn run(wat: &str) -> Outcome {
    run_with(wat, &[])
}

/// A module with all imports and the texts "right" at 0 and "wrong" at 8.
fn module(body: &str) -> String {
    format!(
        r#"(module
            (import "host" "log" (func $log (param i32 i32)))
            (import "host" "panicked" (func $panicked (param i32 i32)))
            (import "host" "expect_trap" (func $expect_trap (param i32 i32)))
            (import "host" "random_seed" (func $random_seed (result i64)))
            (import "host" "is_checked" (func $is_checked (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "right") (data (i32.const 8) "wrong")
            {body})"#
    )
}

const EXPECT_RIGHT: &str = "(call $expect_trap (i32.const 0) (i32.const 5))";
const PANIC_RIGHT: &str = "(call $panicked (i32.const 0) (i32.const 5))";
const PANIC_WRONG: &str = "(call $panicked (i32.const 8) (i32.const 5))";

fn test_function(body: &str) -> String {
    module(&format!(r#"(func (export "test it") {body})"#))
}

#[test]
fn returning_passes_on_both_engines() {
    let outcome = run(&test_function(""));
    outcome.assert_total(2, 0);
    for engine in ["node ", "wasmi "] {
        let row = outcome.text.lines().find(|line| line.starts_with(engine));
        assert!(row.is_some_and(|row| row.ends_with("1 passed, 0 failed")), "{}", outcome.text);
    }
}

#[test]
fn trapping_fails_and_shows_trace_and_message() {
    let outcome = run(&test_function(&format!(
        "(call $log (i32.const 8) (i32.const 5)) {PANIC_RIGHT} unreachable"
    )));
    outcome.assert_total(0, 2);
    outcome.assert_shows("FAILED  module.wasm: `it`: trapped", 2);
    outcome.assert_shows("panicked       \"right\"", 2);
    outcome.assert_shows("trace          wrong", 2);
    outcome.assert_shows("seed           0x627973796e63", 2);
}

#[test]
fn announced_trap_passes() {
    run(&test_function(&format!("{EXPECT_RIGHT} {PANIC_RIGHT} unreachable"))).assert_total(2, 0);
}

#[test]
fn the_last_message_is_the_one_that_counts() {
    let body = format!("{EXPECT_RIGHT} {PANIC_WRONG} {PANIC_RIGHT} unreachable");
    run(&test_function(&body)).assert_total(2, 0);
}

#[test]
fn wrong_message_fails() {
    let outcome = run(&test_function(&format!("{EXPECT_RIGHT} {PANIC_WRONG} unreachable")));
    outcome.assert_total(0, 2);
    outcome.assert_shows("expected       a trap after the message \"right\"", 2);
    outcome.assert_shows("panicked       \"wrong\"", 2);
}

#[test]
fn message_before_the_announcement_does_not_count() {
    let outcome = run(&test_function(&format!("{PANIC_RIGHT} {EXPECT_RIGHT} unreachable")));
    outcome.assert_total(0, 2);
    outcome.assert_shows("panicked       no message", 2);
}

#[test]
fn missing_trap_fails() {
    let outcome = run(&test_function(&format!("{EXPECT_RIGHT} {PANIC_RIGHT}")));
    outcome.assert_total(0, 2);
    outcome.assert_shows("FAILED  module.wasm: `it`: returned, but had announced a trap", 2);
}

#[test]
fn pointer_outside_the_memory_is_never_a_good_end() {
    let outcome = run(&test_function(&format!(
        "{EXPECT_RIGHT} {PANIC_RIGHT} (call $log (i32.const 65535) (i32.const 2))"
    )));
    outcome.assert_total(0, 2);
    outcome.assert_shows("FAILED  module.wasm: `it`: log(65535, 2) points outside the memory", 2);
}

#[test]
fn endless_recursion_is_a_trap() {
    let body = format!("{EXPECT_RIGHT} {PANIC_RIGHT} (call $deeper)");
    let deeper = "(func $deeper (call $deeper) (call $deeper))";
    run(&module(&format!(r#"(func (export "test it") {body}) {deeper}"#))).assert_total(2, 0);
}

#[test]
fn each_test_has_an_instance_of_its_own_initialised_first() {
    // Both add one to a global that `_initialize` sets to one, and trap unless that makes two.
    let test = r#"
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (if (i32.ne (global.get $count) (i32.const 2)) (then unreachable))"#;
    let outcome = run(&module(&format!(
        r#"(global $count (mut i32) (i32.const 0))
           (func (export "_initialize") (global.set $count (i32.const 1)))
           (func (export "test first") {test})
           (func (export "test second") {test})"#
    )));
    outcome.assert_total(4, 0);
}

#[test]
fn seed_reaches_the_guest() {
    let wat = test_function("(if (i64.ne (call $random_seed) (i64.const -2)) (then unreachable))");
    run_with(&wat, &["--seed", "0xffff_ffff_ffff_fffe"]).assert_total(2, 0);
    run_with(&wat, &["--seed", "2"]).assert_total(0, 2);
}

#[test]
fn guest_can_ask_whether_it_is_checked() {
    let wat = test_function("(if (i32.ne (call $is_checked) (i32.const 1)) (then unreachable))");
    run_with(&wat, &["--checked"]).assert_total(2, 0);
    run(&wat).assert_total(0, 2);
}

#[test]
fn filter_and_engine_choose() {
    let wat = module(
        r#"(func (export "test good") nop) (func (export "test bad") unreachable)
           (func (export "bench slow") unreachable)"#,
    );
    run(&wat).assert_total(2, 2);
    run_with(&wat, &["--filter", "good"]).assert_total(2, 0);
    run_with(&wat, &["--filter", "bad", "--engine", "wasmi"]).assert_total(0, 1);
    let nothing = run_with(&wat, &["--filter", "ugly"]);
    assert_eq!(nothing.code, Some(1), "{}", nothing.text);
}

#[test]
fn unknown_import_fails() {
    for (import, name) in [
        (r#"(import "host" "exit" (func))"#, "host.exit"),
        (r#"(import "env" "log" (func (param i32 i32)))"#, "env.log"),
        (r#"(import "host" "log" (func (param i64)))"#, "host.log"),
        (r#"(import "host" "log" (memory 1))"#, "host.log"),
    ] {
        let outcome = run(&format!(r#"(module {import} (func (export "test it")))"#));
        outcome.assert_total(0, 1);
        outcome.assert_shows(&format!("unknown import `{name}`"), 1);
    }
}

#[test]
fn module_that_was_not_asyncified_fails() {
    let outcome = run(r#"(module (import "asyncify" "start_unwind" (func (param i32)))
                   (func (export "test it")))"#);
    outcome.assert_total(0, 1);
    outcome.assert_shows("the module was not asyncified", 1);
}

#[test]
fn module_without_a_test_fails() {
    for wat in ["(module)", r#"(module (func (export "bench it")) (func (export "tests")))"#] {
        let outcome = run(wat);
        outcome.assert_total(0, 1);
        outcome.assert_shows("no test was found", 1);
    }
}

#[test]
fn test_of_a_wrong_type_fails() {
    let outcome = run(r#"(module (func (export "test it") (param i32)))"#);
    outcome.assert_total(0, 1);
    outcome.assert_shows("export `test it` is not a function of type () -> ()", 1);
}

#[test]
fn module_that_cannot_start_fails_in_every_test() {
    let outcome = run(r#"(module (func $start unreachable) (start $start)
                                 (func (export "test one")) (func (export "test two")))"#);
    outcome.assert_total(0, 4);
}
