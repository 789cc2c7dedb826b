//! The command `wasm-asyncify`, run as its users run it.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A program without names: `main` sleeps in two frames, once through a table, and logs the values that it has kept
/// meanwhile.
const PROGRAM: &str = r#"(module
    (import "env" "sleep" (func $sleep (param i32) (result i32)))
    (import "env" "log" (func $log (param i32)))
    (memory (export "memory") 1)
    (table 1 funcref) (elem (i32.const 0) $twice)
    (type $t (func (param i32) (result i32)))
    (func $main (export "main") (result i32) (local i32)
        (local.set 0 (call_indirect (type $t) (i32.const 10) (i32.const 0)))
        (call $log (local.get 0))
        (i32.add (local.get 0) (call $leaf)))
    (func $twice (param i32) (result i32)
        (i32.add (call $sleep (local.get 0)) (call $sleep (i32.const 20))))
    (func $leaf (result i32) (i32.const 100)))"#;

/// Its log.
const LOG: [i32; 4] = [10, 20, 32, 132];

fn asyncify(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wasm-asyncify"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.wat"), PROGRAM).unwrap();
    folder
}

#[track_caller]
fn succeeds(output: &Output) -> &str {
    let errors = str::from_utf8(&output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    errors
}

/// The error message of a failed command. Asserts that nothing was written.
#[track_caller]
fn fails(arguments: &[&str]) -> String {
    let folder = folder();
    fs::write(folder.path().join("out.wasm"), "as it was").unwrap();
    let output = asyncify(arguments, folder.path());
    assert!(!output.status.success());
    assert_eq!(fs::read(folder.path().join("out.wasm")).unwrap(), b"as it was");
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 2, "something was left behind");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_is_suspended_does_what_it_does_if_it_is_not() {
    let plain = wat::parse_str(PROGRAM).unwrap();
    assert_eq!(support::run(&plain, false).unwrap().log, LOG);
    for options in [
        &["in.wat", "-o", "out.wasm"][..],
        &["in.wat", "-o", "out.wasm", "--imports", "env.sleep", "--verify", "--asserts"],
        &["in.wat", "-o", "out.wasm", "--imports=env.sl*"],
        &["in.wat", "-o", "out.wasm", "--imports=env.sleep", "--only-list", "main,tw*", "-g"],
        &["in.wat", "-o", "out.wasm", "--asyncify", "--pass-arg=asyncify-imports@env.sleep"],
        &["in.wat", "-o", "out.wasm", "--secondary-memory", "--secondary-memory-size=2"],
        &["in.wat", "-o", "out.wasm", "--memory=memory", "--import-globals", "--verify"],
        &["in.wat", "-o", "out.wasm", "--export-globals"],
        &["in.wat", "-o", "out.wasm", "--asyncify", "--pass-arg=asyncify-in-secondary-memory"],
    ] {
        let folder = folder();
        assert_eq!(succeeds(&asyncify(options, folder.path())), "", "{options:?}");
        let made = fs::read(folder.path().join("out.wasm")).unwrap();
        let host = support::run(&made, true).unwrap();
        assert_eq!((host.log, host.suspended), (LOG.to_vec(), 2), "{options:?}");
        let host = support::run(&made, false).unwrap();
        assert_eq!((host.log, host.suspended), (LOG.to_vec(), 0), "{options:?}");
    }
}

#[test]
fn it_says_what_is_instrumented_and_why() {
    let folder = folder();
    let of = |options: &[&str]| {
        let options = [&["in.wat", "-o", "out.wasm", "--verbose"], options].concat();
        succeeds(&asyncify(&options, folder.path())).to_owned()
    };
    let main = "main calls twice through table entry 0, as (i32) -> i32: only this function can be \
                meant\n";
    assert_eq!(
        of(&["--imports=env.sleep"]),
        format!("{main}twice calls sleep\n2 of 3 functions are instrumented\n")
    );
    assert_eq!(of(&["--ignore-imports"]), "0 of 3 functions are instrumented\n");
    assert_eq!(
        of(&["--imports=env.sleep", "--ignore-indirect"]),
        "twice calls sleep\n1 of 3 functions are instrumented\n"
    );
    assert_eq!(
        of(&["--imports=env.sleep", "--ignore-indirect", "--add-list=main"]),
        "main is listed\ntwice calls sleep\n2 of 3 functions are instrumented\n"
    );
    assert_eq!(
        of(&["--imports=env.sleep", "--remove-list=twice"]),
        "0 of 3 functions are instrumented\n"
    );
    assert_eq!(
        of(&["--imports=env.sleep,env.nap"]),
        format!(
            "wasm-asyncify: warning: nothing in the module is called `env.nap`\n{main}twice calls \
             sleep\n2 of 3 functions are instrumented\n"
        )
    );
    fs::write(folder.path().join("list"), "leaf\n").unwrap();
    assert_eq!(
        of(&[
            "--imports=env.sleep",
            "--add-list=@list",
            "--propagate-add-list",
            "--ignore-indirect"
        ]),
        "main calls leaf\ntwice calls sleep\nleaf is listed\n3 of 3 functions are instrumented\n"
    );
}

#[test]
fn it_says_so_where_a_function_of_another_module_can_suspend() {
    let folder = folder();
    // The host has access to the table, and may put any function into it.
    let text = r#"(module (import "env" "sleep" (func $sleep)) (memory 1) (type $t (func))
        (table (export "table") 2 funcref)
        (func $calls (export "calls") (call_indirect (type $t) (i32.const 0))))"#;
    fs::write(folder.path().join("open.wat"), text).unwrap();
    let options = ["open.wat", "-o", "out.wasm", "--verbose"];
    assert_eq!(
        succeeds(&asyncify(&options, folder.path())),
        "calls calls through a function pointer, as (): a function of another module can be meant\n\
         1 of 1 functions are instrumented\n"
    );
}

#[test]
fn binaryens_spelling_may_list_imports_that_are_not_there() {
    let folder = folder();
    let lists = ["--pass-arg=asyncify-imports@env.sleep,env.nap", "--pass-arg=asyncify-addlist@f"];
    let arguments = [&["in.wat", "-o", "out.wasm", "--asyncify"][..], &lists].concat();
    assert_eq!(
        succeeds(&asyncify(&arguments, folder.path())),
        "wasm-asyncify: warning: nothing in the module is called `f`\n"
    );
}

#[test]
fn who_was_taken_out_wrongly_traps_if_that_is_asked_for() {
    let folder = folder();
    let arguments = ["in.wat", "-o", "out.wasm", "--asserts", "--only-list=twice", "-g"];
    succeeds(&asyncify(&arguments, folder.path()));
    let made = fs::read(folder.path().join("out.wasm")).unwrap();
    assert_eq!(support::run(&made, false).unwrap().log, LOG);
    let error = support::run(&made, true).unwrap_err();
    assert!(error.contains("unreachable"), "{error}");
    let text = wasmprinter::print_bytes(&made).unwrap();
    assert!(text.contains("cannot_wait_in_a_function_that_is_not_instrumented"), "{text}");
}

#[test]
fn names_are_kept_if_that_is_asked_for() {
    let folder = folder();
    let names = |options: &[&str]| {
        succeeds(&asyncify(&[&["in.wat", "-o", "out.wasm"], options].concat(), folder.path()));
        let text = wasmprinter::print_file(folder.path().join("out.wasm")).unwrap();
        text.contains("(func $twice")
    };
    assert!(names(&["-g"]));
    assert!(!names(&[]));
    assert!(names(&["--asyncify", "-g"]));
    assert!(!names(&["--asyncify"]));
}

#[test]
fn a_module_without_a_memory_gets_one() {
    let folder = folder();
    let text =
        r#"(module (import "env" "sleep" (func $sleep)) (func (export "main") (call $sleep)))"#;
    fs::write(folder.path().join("in.wat"), text).unwrap();
    for options in [&[][..], &["--memory=frames"], &["--asyncify"]] {
        succeeds(&asyncify(&[&["in.wat", "-o", "out.wasm"], options].concat(), folder.path()));
        let text = wasmprinter::print_file(folder.path().join("out.wasm")).unwrap();
        assert!(text.contains(r#"(export "asyncify_memory" (memory 0))"#), "{options:?}: {text}");
    }
}

#[test]
fn what_says_where_things_were_is_dropped() {
    let folder = folder();
    let text = r#"(module (memory 1)
        (@custom "sourceMappingURL" "a") (@custom ".debug_line" "b") (@custom "producers" "\00")
        (@custom "external_debug_info" "c") (@custom "metadata.code.branch_hint" "\00"))"#;
    fs::write(folder.path().join("in.wat"), text).unwrap();
    for options in [&[][..], &["-g"]] {
        succeeds(&asyncify(&[&["in.wat", "-o", "out.wasm"], options].concat(), folder.path()));
        let text = wasmprinter::print_file(folder.path().join("out.wasm")).unwrap();
        for dropped in ["sourceMappingURL", ".debug_line", "external_debug_info", "metadata.code"] {
            assert!(!text.contains(dropped), "{dropped} in {text}");
        }
        assert!(text.contains("producers"), "{text}");
    }
}

#[test]
fn it_reads_and_writes_pipes() {
    let folder = folder();
    let made = Command::new(env!("CARGO_BIN_EXE_wasm-asyncify"))
        .args(["-", "--imports=env.sleep"])
        .stdin(fs::File::open(folder.path().join("in.wat")).unwrap())
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    succeeds(&made);
    assert_eq!(support::run(&made.stdout, true).unwrap().suspended, 2);
}

/// A regression test: as root, the command replaced `/dev/null`.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = at("pipe");
        move || fs::read(pipe).unwrap()
    });
    succeeds(&asyncify(&["in.wat", "-o", "pipe"], folder.path()));
    assert!(!fs::metadata(at("pipe")).unwrap().is_file());
    let made = reader.join().unwrap();
    fs::write(at("file"), "old").unwrap();
    std::os::unix::fs::symlink("file", at("link")).unwrap();
    succeeds(&asyncify(&["in.wat", "-o", "link"], folder.path()));
    assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
    assert_eq!(fs::read(at("file")).unwrap(), made);
}

#[test]
fn errors_say_what_to_do_and_leave_the_output_alone() {
    assert_eq!(
        fails(&["none.wat", "-o", "out.wasm"]),
        "wasm-asyncify: error: in `none.wat`: cannot read it: No such file or directory (os error \
         2)\n"
    );
    assert_eq!(
        fails(&["in.wat", "-o", "out.wasm", "--asyncify", "--pass-arg=asyncify-nothing"]),
        "wasm-asyncify: error: `--pass-arg=asyncify-nothing` is not supported: leave it out, or run \
         Binaryen's wasm-opt\n"
    );
    assert_eq!(
        fails(&["in.wat", "-o", "out.wasm", "--add-list=main", "--remove-list=ma*"]),
        "wasm-asyncify: error: in `in.wat`: `main` is listed as to be instrumented (`main`), and as never to \
         suspend (`ma*`)\n  take it out of the add list or out of the remove list\n"
    );
    assert_eq!(
        fails(&["--asyncify", "in.wat"]),
        "wasm-asyncify: error: `--asyncify` wants a module, and where to write the result: `IN -o \
         OUT`\n"
    );
}

#[test]
fn a_report_has_a_chain_of_calls_for_each_function() {
    let folder = folder();
    let of = |options: &[&str]| {
        let options = [&["in.wat", "--imports=env.sleep"], options].concat();
        let output = asyncify(&options, folder.path());
        assert_eq!(succeeds(&output), "", "{options:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let text = "\
main
  is instrumented: it can be on the stack when that is suspended
    > main
        calls twice through table entry 0, as (i32) -> i32: only this function can be meant
        calls sleep

twice
  is instrumented: it can be on the stack when that is suspended
    > twice
        calls sleep

2 of 3 functions are instrumented
";
    assert_eq!(of(&["--report"]), text);
    assert_eq!(of(&["--report=text", "-o", "report"]), "");
    assert_eq!(fs::read_to_string(folder.path().join("report")).unwrap(), text);
    let report: serde_json::Value =
        serde_json::from_str(&of(&["--report=json", "--only-list=twice"])).unwrap();
    let function = |id: u32, name: &str, instrumented: bool, why: &str, calls: &[&str]| {
        serde_json::json!({
            "id": id, "name": name, "symbol": name, "instrumented": instrumented, "why": why,
            "calls": calls,
        })
    };
    let expected = serde_json::json!({
        "instrumented": 1,
        "unmatched": [],
        "functions": [
            function(2, "main", false, "is not instrumented: it is not listed", &[]),
            function(
                3,
                "twice",
                true,
                "is instrumented: it can be on the stack when that is suspended",
                &["> twice", "    calls sleep"],
            ),
            function(4, "leaf", false, "is not instrumented: it is not listed", &[]),
        ],
    });
    assert_eq!(report, expected);
}

#[test]
fn a_start_function_that_can_be_suspended_is_warned_of() {
    let folder = folder();
    let said = |start: &str, options: &[&str]| {
        let text = PROGRAM.strip_suffix(')').unwrap().to_owned() + start + ")";
        fs::write(folder.path().join("start.wat"), text).unwrap();
        let options = [&["start.wat", "-o", "out.wasm"], options].concat();
        succeeds(&asyncify(&options, folder.path())).to_owned()
    };
    let begins = "(func $begin (drop (call $twice (i32.const 1)))) (start $begin)";
    assert_eq!(
        said(begins, &["--imports=env.sleep"]),
        "wasm-asyncify: warning: `begin` runs when an instance of the module is made, and can be suspended. Then \
         nobody can call it again, which is how it would go on. Have it exported, and call it when there is an \
         instance:\n    begin\n      calls twice\n      calls sleep\n"
    );
    assert_eq!(said(begins, &["--imports=env.log"]), "");
    assert_eq!(
        said(&format!("{begins} (export \"begin\" (func $begin))"), &["--imports=env.sleep"]),
        ""
    );
    assert_eq!(
        said("(func $begin (call $log (i32.const 1))) (start $begin)", &["--imports=env.sleep"]),
        ""
    );
}

#[test]
fn modules_that_cannot_be_made_pausable_are_refused() {
    let folder = folder();
    let refused = |text: &str| {
        fs::write(folder.path().join("bad.wat"), text).unwrap();
        let output = asyncify(&["bad.wat", "-o", "out.wasm"], folder.path());
        assert!(!output.status.success());
        assert!(!folder.path().join("out.wasm").exists());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(
        refused(r#"(module (memory 1) (func (export "asyncify_start_unwind") (param i32)))"#),
        "wasm-asyncify: error: in `bad.wat`: the module has been through Asyncify already: it \
         exports `asyncify_start_unwind`\n  \
         take it as it is, or start from the one that it was made of\n"
    );
    assert_eq!(
        refused("(component)"),
        "wasm-asyncify: error: in `bad.wat`: it is a component\n  \
         take the modules that it was made of\n"
    );
    assert_eq!(
        refused("(module (func (result i32)))"),
        "wasm-asyncify: error: in `bad.wat`: the module is not valid: type mismatch: expected i32 \
         but nothing on stack (at offset 0x18)\n"
    );
    // A text of one long line is not shown.
    let long = format!("(module (do) {})", "(func)".repeat(100));
    assert_eq!(
        refused(&long),
        "wasm-asyncify: error: in `bad.wat`: expected valid module field\n     --> <anon>:1:10\n"
    );
}
