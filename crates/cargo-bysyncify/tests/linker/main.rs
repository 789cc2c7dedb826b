//! The linker as rustc calls it: with the real `rust-lld` and the real `wasm-opt`.

#[cfg(unix)]
mod again;
mod build;
mod instrumented;
mod module;
mod refusals;
#[cfg(unix)]
mod tools;

use std::fs;
use std::path::Path;
use std::process::Command;

use build::{
    LINKER, RUST_LLD_FOLDER, compile, files_in, link, linker, object, path, refusal, silent, stderr,
};
use module::contents;

const ASYNCIFIED: [&str; 5] = [
    "asyncify_start_unwind",
    "asyncify_stop_unwind",
    "asyncify_start_rewind",
    "asyncify_stop_rewind",
    "asyncify_get_state",
];

#[test]
fn plain_modules_are_left_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [&["-Copt-level=0", "-g"][..], &["-O", "-Cstrip=symbols"]] {
        // Of the same name: it gets into the names of the objects, and so into the module.
        let [ours, theirs] = ["ours", "theirs"].map(|folder| dir.path().join(folder));
        for folder in [&ours, &theirs] {
            fs::create_dir_all(folder).unwrap();
        }
        let [ours, theirs] = [ours, theirs].map(|folder| folder.join("plain.wasm"));
        silent(&mut link("plain", &ours, arguments));
        silent(&mut compile("plain", &theirs, arguments));
        assert!(fs::read(&ours).unwrap() == fs::read(&theirs).unwrap(), "{arguments:?}");
    }
}

#[test]
fn asyncify_imports_are_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("a.wasm");
    silent(&mut link("pausable", &output, &["-O"]));
    let module = contents(&output);
    assert_eq!(module.imports, [""; 0]);
    assert!(!module.exports.iter().any(|export| export.starts_with("asyncify")));
    assert_eq!(files_in(dir.path()), ["a.bysyncify", "a.wasm"]);
    // Binaryen exports what it has put in their place.
    let everything = "-Clink-arg=--bysyncify-everything";
    silent(&mut link("pausable", &output, &["-O", everything]));
    let module = contents(&output);
    assert_eq!(module.imports, [""; 0]);
    assert!(ASYNCIFIED.iter().all(|name| module.exports.iter().any(|export| export == name)));
}

#[test]
fn sections_are_those_that_the_profile_leaves_but_for_dwarf() {
    let dir = tempfile::tempdir().unwrap();
    let [ours, theirs] = ["ours", "theirs"].map(|name| dir.path().join(name));
    for strip in ["none", "debuginfo", "symbols"] {
        let arguments = ["-O", "-Cdebuginfo=2", &format!("-Cstrip={strip}")];
        silent(&mut link("pausable", &ours, &arguments));
        silent(&mut compile("pausable", &theirs, &arguments));
        let mut expected = contents(&theirs).custom_sections;
        assert_eq!(expected.iter().any(|name| name == ".debug_info"), strip == "none");
        expected.retain(|name| !name.starts_with(".debug_"));
        assert_eq!(expected.iter().any(|name| name == "name"), strip != "symbols");
        assert_eq!(contents(&ours).custom_sections, expected, "{strip}");
    }
}

/// Nothing optimises that afterwards.
#[test]
fn dwarf_of_a_debug_build_is_that_which_the_profile_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let [ours, theirs] = ["ours", "theirs"].map(|name| dir.path().join(name));
    for strip in ["none", "debuginfo", "symbols"] {
        let arguments = ["-Copt-level=0", "-Cdebuginfo=2", &format!("-Cstrip={strip}")];
        silent(&mut link("pausable", &ours, &arguments));
        silent(&mut compile("pausable", &theirs, &arguments));
        let sections = |path| {
            let mut sections = contents(path).custom_sections;
            sections.sort();
            sections
        };
        assert_eq!(sections(&ours), sections(&theirs), "{strip}");
    }
}

#[cfg(unix)]
#[test]
fn module_is_executable_as_the_real_linker_makes_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let modes = ["pausable", "plain"].map(|name| {
        let path = dir.path().join(name).with_extension("wasm");
        silent(&mut link(name, &path, &["-O"]));
        fs::metadata(&path).unwrap().permissions().mode() & 0o777
    });
    assert_eq!(modes[0], modes[1]);
    assert_ne!(modes[0] & 0o100, 0);
}

#[test]
fn debug_build_with_everything_works() {
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("a.wasm");
    let arguments = ["-Copt-level=0", "-Cdebuginfo=2", "-Cdebug-assertions"];
    silent(&mut link("pausable", &output, &arguments));
    assert_eq!(contents(&output).imports, [""; 0]);
}

#[test]
fn coroutine_that_stops_the_thread_is_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wasm");
    for level in ["-Copt-level=0", "-Copt-level=3"] {
        let shown = [level, "-Wlinker-messages"];
        silent(&mut link("parks", &path, &shown));
        let inside = [&shown[..], &["--cfg=inside"]].concat();
        let output = link("parks", &path, &inside).output().unwrap();
        assert!(output.status.success());
        let printed = stderr(&output);
        let expected = [
            "a coroutine can get to `std::thread::park`, which cannot stop the only thread there is: \
             what waits in it spins for ever. Wait with `embed`: `embed(future)` in place of \
             `block_on(future)`, an async channel in place of std's. A coroutine",
            "    calls entry",
            "    calls std::thread::functions::park",
        ];
        for line in expected {
            assert!(printed.contains(line), "{level}: {printed}");
        }
    }
}

#[test]
fn bad_level_in_the_environment_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let output = dir.path().join("a.wasm");
    assert_eq!(
        refusal(linker(&object, &output).env("BYSYNCIFY_OPT", "fast"), &output),
        "in BYSYNCIFY_OPT: `fast` is no optimisation level: use one of 0, 1, 2, 3, 4, s, z"
    );
}

#[test]
fn failure_of_the_real_linker_is_passed_on_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wasm");
    let ours = linker(Path::new("nowhere.o"), &path).output().unwrap();
    let theirs = Command::new(RUST_LLD_FOLDER.join("rust-lld"))
        .args(["-flavor", "wasm", "--no-entry", "--export-dynamic", "nowhere.o", "-o"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(ours.status.code(), theirs.status.code());
    assert_eq!(stderr(&ours), stderr(&theirs));
}

#[test]
fn missing_linker_names_what_would_help() {
    let output = Command::new(LINKER)
        .args(["-flavor", "wasm", "a.o"])
        .env("PATH", "")
        .env_remove("BYSYNCIFY_LINKER")
        .output()
        .unwrap();
    assert_eq!(
        stderr(&output),
        "bysyncify-ld: error: no linker found: neither `rust-lld` (which comes with rustup's \
         toolchains) nor `wasm-ld` is on PATH; set BYSYNCIFY_LINKER to the path of one\n"
    );
}

#[test]
fn linker_says_what_it_is_and_knows_all_of_its_options() {
    let said = |word: &str| {
        let output = Command::new(LINKER).arg(word).env("PATH", "").output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(said("--version"), concat!("bysyncify-ld ", env!("CARGO_PKG_VERSION"), "\n"));
    let help = said("--help");
    let unknown = Command::new(LINKER).arg("--bysyncify-unknown").output().unwrap();
    let unknown = stderr(&unknown);
    let (_, options) = unknown.split_once("which has ").unwrap();
    for option in options.trim_end().split(", ").flat_map(|text| text.split(" and ")) {
        assert!(help.contains(&format!("\n  {option} ")), "{option}: {help}");
    }
}

#[test]
fn joined_objects_are_no_module_yet() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let joined = dir.path().join("joined.o");
    let mut command = Command::new(LINKER);
    command.args(["-flavor", "wasm", "-r"]).arg(&object).arg("-o").arg(&joined);
    silent(command.env("PATH", path()));
    assert_eq!(
        contents(&joined).imports.iter().filter(|name| name.starts_with("asyncify.")).count(),
        4
    );
}
