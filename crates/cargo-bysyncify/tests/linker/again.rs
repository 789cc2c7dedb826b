//! Linking again: what has not changed is not asyncified again, and all comes out the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_bysyncify::setup;

use crate::build::{linker, object, object_with, script, silent};

/// A `wasm-opt` that notes each time that it transforms something.
struct Counting {
    script: PathBuf,
    runs: PathBuf,
}

impl Counting {
    fn new(folder: &Path) -> Self {
        let counting = Self { script: folder.join("wasm-opt"), runs: folder.join("runs") };
        let real = setup::wasm_opt().expect("wasm-opt");
        // npm's is a script, which needs Node.
        let node = setup::node().expect("Node");
        let text = format!(
            "[ \"$1\" = --version ] || echo run >> '{}'\nPATH='{}':\"$PATH\" exec '{}' \"$@\"",
            counting.runs.display(),
            node.parent().expect("Node is in a folder").display(),
            real.path().display(),
        );
        script(&counting.script, &text);
        counting
    }

    /// Links, and returns how often it was run since it was made.
    fn link(&self, command: &mut Command) -> usize {
        silent(command.env("WASM_OPT", &self.script));
        fs::read_to_string(&self.runs).unwrap().lines().count()
    }
}

#[test]
fn unchanged_module_is_not_asyncified_again() {
    let dir = tempfile::tempdir().unwrap();
    let wasm_opt = Counting::new(dir.path());
    let object = object("pausable", dir.path());
    let output = dir.path().join("a.wasm");
    let linked = |option: &[&str]| {
        let runs = wasm_opt.link(linker(&object, &output).args(option));
        (runs, fs::read(&output).unwrap())
    };
    let (runs, first) = linked(&["-O1"]);
    assert_eq!(runs, 1);
    assert!(linked(&["-O1"]) == (1, first.clone()), "it is as it was");
    // The output is not what is kept.
    fs::remove_file(&output).unwrap();
    assert!(linked(&["-O1"]) == (1, first.clone()), "it is as it was");
    assert_eq!(linked(&["-O2"]).0, 2);
    assert_eq!(linked(&["-O2", "--bysyncify-checks=on"]).0, 3);
    assert_eq!(linked(&["--bysyncify-everything"]).0, 4);
    assert_eq!(linked(&["-O1", "--bysyncify-assume-no-suspend=inner"]).0, 5);
    assert!(linked(&["-O1"]) == (6, first), "only the last is kept");
    assert_eq!(linked(&[]).0, 6, "nobody wants that optimised");
}

#[test]
fn another_program_or_another_wasm_opt_is_no_unchanged_module() {
    let dir = tempfile::tempdir().unwrap();
    let wasm_opt = Counting::new(dir.path());
    let output = dir.path().join("a.wasm");
    let link = |arguments: &[&str], wasm_opt: &Counting| {
        let object = object_with("pausable", dir.path(), arguments);
        wasm_opt.link(linker(&object, &output).arg("-O1"))
    };
    assert_eq!(link(&[], &wasm_opt), 1);
    assert_eq!(link(&["-Copt-level=0"], &wasm_opt), 2);
    let other = dir.path().join("other");
    fs::create_dir(&other).unwrap();
    assert_eq!(link(&["-Copt-level=0"], &Counting::new(&other)), 1);
}

#[test]
fn same_objects_make_the_same_module_in_any_folder() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let [first, again, elsewhere] = ["one", "one", "other"].map(|folder| {
        let folder = dir.path().join(folder);
        fs::create_dir(&folder).unwrap();
        let output = folder.join("a.wasm");
        silent(&mut linker(&object, &output));
        let module = fs::read(output).unwrap();
        // So that nothing is found that was kept.
        fs::remove_dir_all(folder).unwrap();
        module
    });
    assert!(first == again);
    assert!(first == elsewhere);
}
