//! Building small programs for wasm with a linker of one's choice.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use cargo_bysyncify::setup;

const TARGET: &str = "wasm32-unknown-unknown";

/// The linker under test.
pub(crate) const LINKER: &str = env!("CARGO_BIN_EXE_bysyncify-ld");

/// The compiler that has the wasm target.
static RUSTC: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = setup::wasm_target(TARGET).expect("wasm target");
    target.rustc.unwrap_or_else(|| std::env::var_os("RUSTC").unwrap_or("rustc".into()).into())
});

/// The folder with the `rust-lld` that rustc would put on `PATH`.
pub(crate) static RUST_LLD_FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let output = Command::new(&*RUSTC).args(["--print", "target-libdir"]).output().unwrap();
    let libdir = String::from_utf8(output.stdout).unwrap();
    Path::new(libdir.trim()).parent().expect("lib is in a folder").join("bin")
});

/// Compiles `programs/<name>.rs` to `output`; `arguments` are rustc's.
pub(crate) fn compile(name: &str, output: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(&*RUSTC);
    command
        .args(["--edition=2024", "--crate-type=cdylib", "--target", TARGET])
        .args(arguments)
        .arg("-o")
        .arg(output)
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/linker/programs/{name}.rs")),
        );
    command
}

/// Links a program with the linker under test.
pub(crate) fn link(name: &str, output: &Path, arguments: &[&str]) -> Command {
    let linker = format!("-Clinker={LINKER}");
    compile(name, output, &[arguments, &[&linker]].concat())
}

/// An object file of a program, in `folder`.
pub(crate) fn object(name: &str, folder: &Path) -> PathBuf {
    object_with(name, folder, &[])
}

/// The same, with these arguments for rustc, which may warn of them.
pub(crate) fn object_with(name: &str, folder: &Path, arguments: &[&str]) -> PathBuf {
    let path = folder.join("program.o");
    let output =
        compile(name, &path, &[&["--emit=obj", "-O"], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    path
}

/// The linker under test, called by hand as rustc calls it.
pub(crate) fn linker(object: &Path, output: &Path) -> Command {
    let mut command = Command::new(LINKER);
    command
        .args(["-flavor", "wasm", "--no-demangle", "--no-entry", "--export-dynamic"])
        .arg(object);
    command.arg("-o").arg(output).env("PATH", path());
    command
}

/// `PATH` as rustc makes it for its linkers.
pub(crate) fn path() -> OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(RUST_LLD_FOLDER.clone()).chain(std::env::split_paths(&rest));
    std::env::join_paths(folders).expect("no folder has a `:` in its name")
}

/// Runs a command that has to succeed and say nothing.
pub(crate) fn silent(command: &mut Command) {
    let output = command.output().expect("command can be run");
    assert_eq!((stderr(&output), output.status.success()), (String::new(), true), "{command:?}");
}

/// Runs the linker, which has to fail, and returns what it says was wrong with the program.
pub(crate) fn refusal(command: &mut Command, output: &Path) -> String {
    let result = command.output().expect("command can be run");
    assert_eq!(result.status.code(), Some(1));
    assert!(!output.exists(), "an unfinished module is left behind");
    let begin = format!("bysyncify-ld: error: cannot make `{}` pausable: ", output.display());
    let said = stderr(&result);
    match said.strip_prefix(&begin) {
        Some(rest) => rest.strip_suffix('\n').expect("a whole line").to_owned(),
        None => panic!("{said}"),
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The names of all files in a folder, sorted.
pub(crate) fn files_in(folder: &Path) -> Vec<OsString> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// Writes a shell script that can be run.
#[cfg(unix)]
pub(crate) fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
