//! Modules that the host suspends, and that get to what suspends by ways that are easy to miss.

use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_bysyncify::{Recipe, asyncify, setup};

/// Makes a module of `host_driven/` pausable, and writes it to a folder.
fn make(name: &str, folder: &Path) -> Result<std::path::PathBuf, String> {
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host_driven").join(name);
    let linked = wat::parse_file(text.with_extension("wat")).unwrap();
    let imports_sleep = linked.windows(5).any(|bytes| bytes == b"sleep") && name != "bottom_alone";
    let suspends = imports_sleep.then(|| "env.sleep".to_owned()).into_iter().collect();
    let recipe = Recipe { suspends, ..Recipe::default() };
    let path = folder.join(name).with_extension("wasm");
    let made = asyncify(&linked, &recipe, None).map_err(|error| format!("{error:#}"))?;
    fs::write(&path, made).unwrap();
    Ok(path)
}

/// Makes modules and runs them in Node; what they log, one line for each but the first.
fn run(names: &[&str], folder: &Path) -> String {
    let paths = names.iter().map(|name| make(name, folder).unwrap());
    let mut node = Command::new(setup::node().unwrap());
    node.args(["--input-type=module", "--eval", include_str!("host_driven/host.mjs")]);
    let output = node.args(paths).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn nothing_is_suspended_where_nobody_looks() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["other", "panic_hook", "alloc_error_hook", "initialiser"];
    let printed = run(&names, folder.path());
    let expected = [
        "0 1 cannot_wait_in_a_panic_hook",
        "0 1 cannot_wait_in_a_panic_hook",
        "0 1 cannot_wait_in_the_initialiser_of_a_thread_local",
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn every_way_to_what_suspends_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "other",
        "funcref_from_host",
        "imported_element",
        "imported_twice",
        "other_module",
        "exported_table",
        "bottom_alone",
        "panic_name",
    ];
    let printed = run(&names, folder.path());
    for (name, log) in names[1..].iter().zip(printed.lines().chain([""].into_iter().cycle())) {
        assert_eq!(log, "0 1 | 2 3", "{name}");
    }
}

/// The oldest Node that the tests run in knows no structures, so it is looked at and not run.
#[test]
fn reference_in_a_constant_structure_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let made = make("const_expr", folder.path()).unwrap();
    let text = wasmprinter::print_file(made).unwrap();
    let body = |name: &str| {
        let start = text.find(&format!("(func ${name} ")).unwrap();
        &text[start..start + text[start..].find("\n  )\n").unwrap()]
    };
    let is_instrumented = |name| body(name).contains("global.get $asyncify_state");
    assert!(is_instrumented("waits") && is_instrumented("main"), "{text}");
    let other = text.lines().find(|line| line.contains("(func $other "));
    assert!(other.is_some_and(|line| line.ends_with("(type $method))")), "{text}");
}
