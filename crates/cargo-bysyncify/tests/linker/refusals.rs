//! What is refused, and the whole text: it names the function, the reason, and what to do.

use crate::build::{linker, object_with, refusal};

/// Why the linker refuses this program, compiled with these arguments, with this option.
fn refused(name: &str, arguments: &[&str], option: Option<&str>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let object = object_with(name, dir.path(), arguments);
    let output = dir.path().join("a.wasm");
    refusal(linker(&object, &output).args(option), &output)
}

#[test]
fn import_that_binaryen_refuses() {
    assert_eq!(
        refused("misused", &["--cfg=get_state"], None),
        "the module imports asyncify.get_state, which Binaryen refuses whatever its \
         documentation says\n  \
         keep the state in the program, as bysyncify does from 0.3 on (is an \
         older one in `cargo tree -i bysyncify`?)"
    );
}

#[test]
fn import_that_asyncify_lacks() {
    assert_eq!(
        refused("misused", &["--cfg=pause"], None),
        "the module imports asyncify.pause, which Asyncify does not have\n  \
         it has start_unwind, stop_unwind, start_rewind, stop_rewind"
    );
}

#[test]
fn module_that_was_asyncified_before() {
    assert_eq!(
        refused("misused", &["--cfg=asyncified"], None),
        "the module has been through Asyncify already (it exports `asyncify_start_unwind`) and \
         still imports asyncify.{stop_unwind}\n  \
         give the linker the objects of a program and not \
         a finished module, and run Asyncify once"
    );
}

#[test]
fn an_assumption_about_what_is_not_there() {
    assert_eq!(
        refused("pausable", &[], Some("--bysyncify-assume-no-suspend=inner,outer")),
        "nothing in the program is called `outer`, which is assumed not to suspend\n  \
         take it out of `--bysyncify-assume-no-suspend`, or see `cargo bysyncify report` for the names there are"
    );
}

#[test]
fn tail_call() {
    let arguments = ["-Ctarget-feature=+tail-call", "--cfg=tail_call"];
    let message = refused("unsupported", &arguments, Some("--bysyncify-everything"));
    // Where it is depends on the compiler.
    let (before, rest) = message.split_once("0x").expect("an offset");
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    assert_eq!(
        format!("{before}0x…{rest}"),
        "`unsupported::inner::tail` makes a tail call (at offset 0x… of the linked module), and \
         Binaryen's Asyncify supports none in the whole module\n  \
         build without the target feature `tail-call`, or without --bysyncify-everything"
    );
}

/// Something takes the names away that the linker has asked for.
#[cfg(unix)]
#[test]
fn names_stripped_too_early() {
    use crate::build::{RUST_LLD_FOLDER, object, script};
    let dir = tempfile::tempdir().unwrap();
    let object = object("pausable", dir.path());
    let output = dir.path().join("a.wasm");
    let strips = dir.path().join("wasm-ld");
    let text = format!(
        "for word do\n  shift\n  [ \"$word\" = --keep-section=name ] || set -- \"$@\" \"$word\"\n\
         done\nexec '{}' -flavor wasm \"$@\" --strip-all",
        RUST_LLD_FOLDER.join("rust-lld").display()
    );
    script(&strips, &text);
    assert_eq!(
        refusal(linker(&object, &output).env("BYSYNCIFY_LINKER", &strips), &output),
        "the module has no function names: something has stripped them before this step, which \
         needs them to tell a panic from a function that waits\n  \
         leave out what strips (`wasm-strip`, `wasm-opt` without `-g`, a BYSYNCIFY_LINKER that does). `strip = \
         \"symbols\"` in the profile is fine: the linker strips when it has done its work"
    );
}
