//! `cargo bysyncify report` from the outside: of a program that is built, and of its module.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use wasmparser::{Parser, Payload};

/// Runs `cargo bysyncify` with what is in `words`, in a folder.
fn bysyncify(folder: &Path, words: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"))
        .arg("bysyncify")
        .args(words)
        .current_dir(folder)
        // What the project depends on is compiled once; another test does it, too.
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("report"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    output
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn sum<'a>(values: impl IntoIterator<Item = &'a Value>, member: &str) -> u64 {
    values.into_iter().map(|value| value["bytes"][member].as_u64().unwrap()).sum()
}

/// The bytes of a module, but for those that `strip` takes out.
fn shipped(path: &Path) -> u64 {
    let wasm = fs::read(path).unwrap();
    let mut bytes = 8;
    for payload in Parser::new(0).parse_all(&wasm) {
        let payload = payload.unwrap();
        let Some((_, range)) = payload.as_section() else { continue };
        let names = ["name", "producers", "target_features"];
        let is_stripped =
            matches!(&payload, Payload::CustomSection(it) if names.contains(&it.name()));
        if !is_stripped {
            let length = range.end - range.start;
            let mut left = length;
            // The section's id, and its length in groups of seven bits.
            bytes += length + 2;
            while left >= 128 {
                bytes += 1;
                left /= 128;
            }
        }
    }
    bytes
}

#[test]
fn program_is_built_and_all_its_bytes_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    bysyncify(dir.path(), &["new", "demo"]);
    let demo = dir.path().join("demo");
    let output = bysyncify(&demo, &["report", "--format", "json", "-q"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["module"], "demo.wasm");
    let module = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("report/wasm32-unknown-unknown/release/demo.wasm");
    assert_eq!(report["total"]["with"], shipped(&module));
    for member in ["without", "with"] {
        let rest = report["rest"][member].as_u64().unwrap();
        for list in ["crates", "functions"] {
            let items = report[list].as_array().unwrap();
            assert_eq!(report["total"][member], sum(items, member) + rest, "{list} {member}");
        }
    }
    // Somebody has to be able to suspend, and not all can.
    let instrumented = report["linked"]["instrumented"].as_u64().unwrap();
    assert!(instrumented > 1 && instrumented < report["linked"]["functions"].as_u64().unwrap() / 2);

    // It need not be optimised without Asyncify again. And the module alone will do.
    let words = ["report", module.to_str().unwrap(), "--limit", "1"];
    let output = bysyncify(dir.path(), &words);
    assert_eq!(stderr(&output), "");
    assert!(stdout(&output).starts_with("demo.wasm: "), "{}", stdout(&output));
    let output = bysyncify(&demo, &["report", "-q", "--why", "demo::print_lines"]);
    let text = stdout(&output);
    let first = "demo::print_lines\n  is instrumented: it can be on a coroutine's stack when that \
                 is suspended\n\n    bysyncify_resume\n";
    assert!(text.starts_with(first), "{text}");
    assert!(text.ends_with("\n      calls bysyncify_suspend\n"), "{text}");
    let output = bysyncify(&demo, &["report", "-q", "--format", "html"]);
    let page = PathBuf::from(stdout(&output).trim_end());
    // Cargo may put a hash after `demo`.
    let deps = module.with_file_name("deps");
    assert!(page.starts_with(deps) && page.ends_with("report.html"), "{}", page.display());
    assert!(fs::read_to_string(page).unwrap().starts_with("<!doctype html>\n"));
}

#[test]
fn number_in_a_message_is_that_of_a_function_with_a_name() {
    let dir = tempfile::tempdir().unwrap();
    bysyncify(dir.path(), &["new", "overflow"]);
    let project = dir.path().join("overflow");
    let main = project.join("src/main.rs");
    let code = fs::read_to_string(&main).unwrap();
    let large = "let mut count = usize::from(std::hint::black_box([0_u8; 100_000])[7]);";
    fs::write(&main, code.replace("let mut count = 0;", large)).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"))
        .args(["bysyncify", "run", "--release", "-q"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("report"))
        .output()
        .unwrap();
    assert!(!run.status.success());
    let said = format!("{}{}", stdout(&run), stderr(&run));
    let (_, rest) = said.split_once(" bytes are needed in function ").expect(&said);
    let (number, rest) = rest.split_once(" (`cargo bysyncify ").expect(&said);
    let (remedy, rest) = rest.split_once("` names it) and the stack has ").expect(&said);
    assert!(rest.starts_with("65536; give the coroutine a larger one"), "{said}");
    let words: Vec<_> = remedy.split(' ').chain(["-q"]).collect();
    assert_eq!(words, ["report", "--function", number, "-q"]);
    let named = stdout(&bysyncify(&project, &words));
    let name = named.strip_prefix(&format!("function {number} is `")).expect(&named);
    assert!(name.starts_with("overflow::") && name.ends_with("`\n"), "{named}");

    let output = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"))
        .args(["bysyncify", "report", "-q", "--function", "1000000"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("report"))
        .output()
        .unwrap();
    assert!(stderr(&output).contains("there is no function 1000000: the linked module has "));
}

#[test]
fn what_cannot_be_reported_on_says_what_can() {
    let dir = tempfile::tempdir().unwrap();
    let error = |text: &str| {
        let path = dir.path().join("a.wasm");
        fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"))
            .args(["bysyncify", "report", "a.wasm", "--why", "f"])
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        stderr(&output)
    };
    assert_eq!(
        error("(module (func $f))"),
        "error: cannot report on `a.wasm`: `a.wasm` imports nothing of Asyncify, and this program's \
         linker has kept nothing of it here. Either nothing in it can be suspended, or it was made \
         elsewhere or changed afterwards: build it with `cargo bysyncify build`, or give the module \
         as it was linked\n"
    );
    assert_eq!(
        error("(component)"),
        "error: cannot report on `a.wasm`: `a.wasm` is a component: give the module that it was \
         made of, as it was linked\n"
    );
    let stripped = error(r#"(module (import "asyncify" "start_unwind" (func (param i32))))"#);
    let start = "error: cannot report on `a.wasm`: the module has no function names: ";
    assert!(stripped.starts_with(start), "{stripped}");
}
