//! What is said of a `wasm-opt` or a linker that is missing, too old, or fails.

use std::fs;
use std::path::{Path, PathBuf};

use crate::build::{
    RUST_LLD_FOLDER, files_in, linker, object, object_with, refusal, script, silent, stderr,
};

/// A `wasm-opt` that says it is one and then fails.
fn failing_wasm_opt(folder: &Path, version: u32) -> PathBuf {
    let path = folder.join("wasm-opt");
    let version = format!("[ \"$1\" = --version ] && echo wasm-opt version {version} && exit");
    script(&path, &format!("{version}\necho '[wasm-validator error]' >&2\nexit 1"));
    path
}

#[test]
fn missing_wasm_opt_matters_only_to_who_cannot_do_without() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let output = dir.path().join("a.wasm");
    let mut command = linker(&object, &output);
    command
        .env("PATH", &*RUST_LLD_FOLDER)
        .env_remove("WASM_OPT")
        .env("BYSYNCIFY_CACHE", dir.path().join("empty"));
    silent(command.arg("-O3"));
    command.arg("--bysyncify-everything");
    assert_eq!(
        refusal(&mut command, &output),
        format!(
            "wasm-opt is needed and not installed.\n\
             Run one of these, then try again:\n    \
             cargo bysyncify setup\n        \
             where the npm registry can be reached\n    \
             npm install --prefix {}/empty/binaryen-132 binaryen-132.0.0.tgz\n        \
             with the file that `npm pack binaryen@132.0.0` makes on another machine\n    \
             sudo apt-get install binaryen\n        \
             or what else your system installs Binaryen with: any version from 108 on will do\n\
             or set WASM_OPT to the path of a wasm-opt.",
            dir.path().display()
        )
    );
}

#[test]
fn failing_wasm_opt_is_shown_with_its_command_line_and_nothing_is_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let path = dir.path().join("a.wasm");
    let wasm_opt = failing_wasm_opt(dir.path(), 116);
    let temporary = tempfile::tempdir().unwrap();
    let mut command = linker(&object, &path);
    command.arg("-O2").env("WASM_OPT", &wasm_opt).env("TMPDIR", temporary.path());
    let said = stderr(&command.output().unwrap());
    let (path, wasm_opt) = (path.display(), wasm_opt.display());
    let scratch = said.split(' ').find_map(|word| word.strip_suffix("/before.wasm")).unwrap();
    assert!(scratch.starts_with(temporary.path().to_str().unwrap()), "{scratch}");
    assert_eq!(
        said,
        format!(
            "bysyncify-ld: error: cannot make `{path}` pausable: optimising failed: `{wasm_opt} \
             {scratch}/before.wasm -o {scratch}/after.wasm --enable-bulk-memory --enable-multivalue \
             --enable-mutable-globals --enable-nontrapping-float-to-int \
             --enable-reference-types --enable-sign-ext --strip-dwarf -O2 -g` failed (exit \
             status: 1):\n\
             [wasm-validator error]\n"
        )
    );
    assert_eq!(files_in(dir.path()), ["program.o", "wasm-opt"]);
    assert_eq!(files_in(temporary.path()), [""; 0]);
}

#[test]
fn too_old_wasm_opt_is_refused_where_it_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let output = dir.path().join("a.wasm");
    let wasm_opt = failing_wasm_opt(dir.path(), 107);
    assert_eq!(
        refusal(linker(&object, &output).arg("-O1").env("WASM_OPT", &wasm_opt), &output),
        format!(
            "WASM_OPT is wasm-opt 107: {}, but version 108 or later is needed",
            wasm_opt.display()
        )
    );
}

#[test]
fn wasm_opt_that_is_too_old_for_what_the_module_uses_is_not_even_run() {
    let dir = tempfile::tempdir().unwrap();
    let wide = ["-Ctarget-feature=+wide-arithmetic", "--cfg=wide_arithmetic"];
    let object = object_with("unsupported", dir.path(), &wide);
    let output = dir.path().join("a.wasm");
    let wasm_opt = failing_wasm_opt(dir.path(), 129);
    let cache = dir.path().join("cache");
    let mut command = linker(&object, &output);
    command.arg("-O1").env("WASM_OPT", &wasm_opt).env("BYSYNCIFY_CACHE", &cache);
    let message = |what_to_do: &str| {
        format!(
            "wasm-opt 129: {} is too old for this module: `unsupported::inner::wide` uses \
             wide-arithmetic, which came with version 130. Either build without that target \
             feature, or {what_to_do}",
            wasm_opt.display()
        )
    };
    let place = cache.join("binaryen-132");
    let newer = place.join("node_modules/binaryen/bin/wasm-opt");
    let set = format!("set WASM_OPT to `{}`", newer.display());
    let install = format!("npm install --prefix {} binaryen@132.0.0", place.display());
    assert_eq!(refusal(&mut command, &output), message(&format!("run `{install}` and {set}")));
    fs::create_dir_all(newer.parent().unwrap()).unwrap();
    fs::write(&newer, "").unwrap();
    assert_eq!(refusal(&mut command, &output), message(&set));
}

#[test]
fn feature_that_is_named_and_not_used_is_no_reason() {
    let dir = tempfile::tempdir().unwrap();
    let object = object_with("pausable", dir.path(), &["-Ctarget-feature=+wide-arithmetic"]);
    let output = dir.path().join("a.wasm");
    let wasm_opt = failing_wasm_opt(dir.path(), 129);
    let mut command = linker(&object, &output);
    let message = refusal(command.arg("-O1").env("WASM_OPT", &wasm_opt), &output);
    let begin = "optimising failed, perhaps since the module uses what wasm-opt 129 does not know: \
                 wide-arithmetic (needs wasm-opt 130 or later): `";
    assert!(message.starts_with(begin), "{message}");
}
