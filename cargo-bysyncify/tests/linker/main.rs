//! The linker as rustc calls it: with the real `rust-lld` and the real `wasm-opt`.

mod build;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use build::{LINKER, compile, contents, rust_lld_folder, silent, stderr};

const ASYNCIFIED: [&str; 5] = [
    "asyncify_start_unwind",
    "asyncify_stop_unwind",
    "asyncify_start_rewind",
    "asyncify_stop_rewind",
    "asyncify_get_state",
];

/// Links a program with the linker under test; rustc must have nothing to warn of.
fn link(name: &str, output: &Path, arguments: &[&str]) {
    let linker = format!("-Clinker={LINKER}");
    silent(&mut compile(name, output, &[arguments, &[&linker]].concat()));
}

fn files_in(folder: &Path) -> Vec<OsString> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// An object file of a program, in `folder`.
fn object(name: &str, folder: &Path) -> PathBuf {
    let path = folder.join("program.o");
    silent(&mut compile(name, &path, &["--emit=obj", "-O"]));
    path
}

/// The linker under test, called by hand.
fn linker(objects: &[&Path], output: &Path) -> Command {
    let mut command = Command::new(LINKER);
    command.args(["-flavor", "wasm", "--no-entry", "--export-dynamic"]);
    command.args(objects).arg("-o").arg(output).env("PATH", rust_lld_folder());
    command
}

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
        link("plain", &ours, arguments);
        silent(&mut compile("plain", &theirs, arguments));
        assert!(fs::read(&ours).unwrap() == fs::read(&theirs).unwrap(), "{arguments:?}");
    }
}

#[test]
fn asyncify_imports_are_replaced_and_names_kept() {
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("a.wasm");
    link("pausable", &output, &["-O", "-Cdebuginfo=2"]);
    let module = contents(&output);
    assert_eq!(module.imports, [""; 0]);
    assert!(ASYNCIFIED.iter().all(|name| module.exports.iter().any(|export| export == name)));
    assert_eq!(module.custom_sections, ["name", "producers", "target_features"]);
    assert_eq!(files_in(dir.path()), ["a.bysyncify", "a.wasm"]);
}

#[cfg(unix)]
#[test]
fn module_is_executable_as_the_real_linker_makes_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let modes = ["pausable", "plain"].map(|name| {
        let path = dir.path().join(name).with_extension("wasm");
        link(name, &path, &["-O"]);
        fs::metadata(&path).unwrap().permissions().mode() & 0o777
    });
    assert_eq!(modes[0], modes[1]);
    assert_ne!(modes[0] & 0o100, 0);
}

#[test]
fn symbols_are_stripped_after_asyncify() {
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("a.wasm");
    link("pausable", &output, &["-O", "-Cdebuginfo=2", "-Cstrip=symbols"]);
    let module = contents(&output);
    assert_eq!(module.imports, [""; 0]);
    assert!(module.exports.iter().any(|export| export == ASYNCIFIED[0]));
    assert_eq!(module.custom_sections, [""; 0]);
    assert_eq!(files_in(dir.path()), ["a.bysyncify", "a.wasm"]);
}

#[test]
fn debug_build_with_everything_works() {
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("a.wasm");
    link("pausable", &output, &["-Copt-level=0", "-Cdebuginfo=2", "-Cdebug-assertions"]);
    assert_eq!(contents(&output).imports, [""; 0]);
}

#[test]
fn module_that_cannot_be_asyncified_is_an_error_and_not_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("old", dir.path());
    let path = dir.path().join("a.wasm");
    let output = linker(&[&object], &path).output().unwrap();
    assert_eq!(
        stderr(&output),
        format!(
            "bysyncify-ld: error: cannot make `{}` pausable: the module imports \
             asyncify.get_state, which Binaryen refuses whatever its documentation says: keep \
             the state in the program, as bysyncify does from 0.3 on (is an older one in `cargo \
             tree -i bysyncify`?)\n",
            path.display()
        )
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(!path.exists());
}

#[test]
fn missing_wasm_opt_names_the_command_that_installs_it() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let path = dir.path().join("a.wasm");
    let output = linker(&[&object], &path)
        .env_remove("WASM_OPT")
        .env("BYSYNCIFY_CACHE", dir.path().join("empty"))
        .output()
        .unwrap();
    assert_eq!(
        stderr(&output),
        format!(
            "bysyncify-ld: error: cannot make `{}` pausable: wasm-opt is needed and not installed.\n\
             Run one of these, then try again:\n    \
             cargo bysyncify setup\n        \
             where the npm registry can be reached\n    \
             npm install --prefix {}/empty/binaryen-132 binaryen-132.0.0.tgz\n        \
             with the file that `npm pack binaryen@132.0.0` makes on another machine\n    \
             sudo apt-get install binaryen\n        \
             or what else your system installs Binaryen with: any version from 108 on will do\n\
             or set WASM_OPT to the path of a wasm-opt.\n",
            path.display(),
            dir.path().display()
        )
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(!path.exists());
}

/// A `wasm-opt` that says it is one and then fails.
#[cfg(unix)]
fn failing_wasm_opt(folder: &Path, version: u32) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("wasm-opt");
    let version = format!("[ \"$1\" = --version ] && echo wasm-opt version {version} && exit");
    fs::write(&path, format!("#!/bin/sh\n{version}\necho '[wasm-validator error]' >&2\nexit 1\n"))
        .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[cfg(unix)]
#[test]
fn failing_wasm_opt_is_shown_with_its_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let path = dir.path().join("a.wasm");
    let wasm_opt = failing_wasm_opt(dir.path(), 116);
    let child = linker(&[&object], &path)
        .arg("-O2")
        .env("WASM_OPT", &wasm_opt)
        .stderr(std::process::Stdio::piped())
        .spawn();
    let child = child.unwrap();
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    let (path, wasm_opt) = (path.display().to_string(), wasm_opt.display());
    let stem = path.strip_suffix(".wasm").unwrap();
    assert_eq!(
        stderr(&output),
        format!(
            "bysyncify-ld: error: cannot make `{path}` pausable: Asyncify failed: `{wasm_opt} \
             {stem}.{id}.before -o {stem}.{id}.after --enable-bulk-memory --enable-multivalue \
             --enable-mutable-globals --enable-nontrapping-float-to-int \
             --enable-reference-types --enable-sign-ext --strip-dwarf --asyncify \
             --pass-arg=asyncify-ignore-imports \
             --pass-arg=asyncify-onlylist@@{stem}.{id}.instrumented -O2 -g` failed (exit \
             status: 1):\n\
             [wasm-validator error]\n"
        )
    );
    assert_eq!(files_in(dir.path()), ["program.o", "wasm-opt"]);
}

#[cfg(unix)]
#[test]
fn too_old_wasm_opt_is_refused_where_it_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let path = dir.path().join("a.wasm");
    let wasm_opt = failing_wasm_opt(dir.path(), 107);
    let output = linker(&[&object], &path).env("WASM_OPT", &wasm_opt).output().unwrap();
    assert_eq!(
        stderr(&output),
        format!(
            "bysyncify-ld: error: cannot make `{}` pausable: WASM_OPT is wasm-opt 107: {}, but \
             version 108 or later is needed\n",
            path.display(),
            wasm_opt.display()
        )
    );
}

#[test]
fn bad_level_in_the_environment_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let path = dir.path().join("a.wasm");
    let output = linker(&[&object], &path).env("BYSYNCIFY_OPT", "fast").output().unwrap();
    assert_eq!(
        stderr(&output),
        format!(
            "bysyncify-ld: error: cannot make `{}` pausable: in BYSYNCIFY_OPT: `fast` is no \
             optimisation level: use one of 0, 1, 2, 3, 4, s, z\n",
            path.display()
        )
    );
}

#[test]
fn failure_of_the_real_linker_is_passed_on_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wasm");
    let ours = linker(&[Path::new("nowhere.o")], &path).output().unwrap();
    let theirs = Command::new(rust_lld_folder().join("rust-lld"))
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
fn joined_objects_are_no_module_yet() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let joined = dir.path().join("joined.o");
    let mut command = Command::new(LINKER);
    command.args(["-flavor", "wasm", "-r"]).arg(&object).arg("-o").arg(&joined);
    silent(command.env("PATH", rust_lld_folder()));
    assert_eq!(
        contents(&joined).imports.iter().filter(|name| name.starts_with("asyncify.")).count(),
        4
    );
}
