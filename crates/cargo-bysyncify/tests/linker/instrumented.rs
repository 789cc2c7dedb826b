//! Who is instrumented, by the linker's own options.

use std::fs;
use std::process::Command;

use cargo_bysyncify::setup;

use crate::build::{LINKER, link, object, path, silent, stderr};
use crate::module::contents;

/// The names of the instrumented functions of `programs/pausable.rs`, linked with this option.
fn instrumented(option: Option<&str>) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("a.wasm");
    let option = option.map(|option| format!("-Clink-arg={option}"));
    let mut arguments = vec!["-O"];
    arguments.extend(option.as_deref());
    // Unoptimised: nothing is inlined afterwards.
    silent(link("pausable", &output, &arguments).env("BYSYNCIFY_OPT", "0"));
    contents(&output).instrumented
}

#[test]
fn only_what_can_be_suspended_is_instrumented() {
    assert_eq!(instrumented(None), ["entry", "inner"]);
}

#[test]
fn everything_means_what_binaryen_would_instrument() {
    assert_eq!(instrumented(Some("--bysyncify-everything")), ["apart", "entry", "inner"]);
}

#[test]
fn what_is_assumed_not_to_suspend_and_what_only_it_calls_is_not_instrumented() {
    assert_eq!(instrumented(Some("--bysyncify-assume-no-suspend=inner")), [""; 0]);
}

#[test]
fn options_are_read_from_response_files_and_what_is_much_is_passed_on_in_one() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let output = dir.path().join("a b.wasm");
    // More than fits on a command line of Windows.
    let many = "--export-if-defined=no_such_function\n".repeat(1000);
    for (quoting, quote) in [("posix", '\''), ("windows", '"')] {
        let arguments = format!(
            "--no-entry --export-dynamic --bysyncify-everything\n{many}\"{}\" -o {quote}{}{quote}",
            object.display(),
            output.display()
        );
        let file = dir.path().join("arguments");
        fs::write(&file, arguments).unwrap();
        let mut command = Command::new(LINKER);
        command.args(["-flavor", "wasm", &format!("--rsp-quoting={quoting}")]);
        command.arg(format!("@{}", file.display()));
        silent(command.env("PATH", path()).env("BYSYNCIFY_OPT", "0"));
        assert_eq!(contents(&output).instrumented, ["apart", "entry", "inner"], "{quoting}");
        fs::remove_file(&output).unwrap();
    }
}

/// Suspends the call of `main` in the host once.
const SUSPENDING: &str = "
    const { readFileSync } = await import('node:fs');
    const log = [];
    let sleeping = false;
    const env = {
        log: value => log.push(value),
        sleep() {
            sleeping = !sleeping;
            if (!sleeping) return void exports.asyncify_stop_rewind();
            new Int32Array(exports.memory.buffer).set([24, 1024], 4);
            exports.asyncify_start_unwind(16);
        },
    };
    const module = new WebAssembly.Module(readFileSync(process.argv[1]));
    const { exports } = new WebAssembly.Instance(module, { env });
    exports.main();
    exports.asyncify_stop_unwind();
    log.push('|');
    exports.asyncify_start_rewind(16);
    exports.main();
    console.log(log.join(' '));";

#[test]
fn import_suspends_however_often_it_is_declared() {
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("a.wasm");
    let suspends = "-Clink-arg=--bysyncify-suspends=env.sleep";
    silent(&mut link("imported_twice", &output, &["-O", suspends]));
    let mut node = Command::new(setup::node().unwrap());
    let printed = node.args(["--input-type=module", "--eval", SUSPENDING]).arg(output).output();
    let printed = printed.unwrap();
    assert_eq!(stderr(&printed), "");
    assert_eq!(String::from_utf8_lossy(&printed.stdout), "0 1 | 2 3\n");
}
