//! Real programs, with guards, asyncified, in Node.

mod backtraces;
mod debug;
mod lines;
mod stack_bounds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_bysyncify::{NoSuspend, Precision, Recipe, setup};
use wasm_asyncify::{Options, guarded_for_binaryen, module};

const TARGET: &str = "wasm32-unknown-unknown";

/// How a program is compiled.
#[derive(Clone, Copy, Debug)]
struct Profile {
    /// cargo's name for it.
    name: &'static str,
    rustc: &'static [&'static str],
    wasm_opt: &'static str,
}

const DEBUG: Profile = Profile { name: "dev", rustc: &["-Cdebug-assertions"], wasm_opt: "-O1" };
const RELEASE: Profile = Profile { name: "release", rustc: &["-Copt-level=3"], wasm_opt: "-O3" };

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guards/programs")
}

/// Where cargo builds the library. Not where it has built us: that is locked.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guard-tests")
}

/// Builds the library, and returns the folder that it is in.
fn library(profile: Profile, target: &setup::WasmTarget) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--package", "bysyncify", "--target", TARGET])
        .args(["--profile", profile.name, "--target-dir"])
        .arg(folder())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    target.apply(&mut cargo);
    succeed(&mut cargo);
    let name = if profile.name == "dev" { "debug" } else { profile.name };
    folder().join(TARGET).join(name)
}

/// Compiles a program, `program/<name>.rs`.
fn compile(name: &str, profile: Profile) -> Vec<u8> {
    let target = setup::wasm_target(TARGET).unwrap();
    let library = library(profile, &target);
    let output = tempfile::NamedTempFile::new().unwrap();
    let mut rustc = Command::new(target.rustc.unwrap_or("rustc".into()));
    rustc
        .args(["--edition=2024", "--crate-type=cdylib", "--target", TARGET])
        .args(profile.rustc)
        .arg("-Clink-arg=--emit-relocs")
        .arg("--extern")
        .arg(format!("bysyncify={}", library.join("libbysyncify.rlib").display()))
        .arg("-L")
        .arg(format!("dependency={}", library.join("deps").display()))
        .arg(sources().join(name).with_extension("rs"))
        .arg("-o")
        .arg(output.path());
    succeed(&mut rustc);
    fs::read(output.path()).unwrap()
}

/// Asyncifies a module with guards, all of it.
fn asyncify(guarded: &[u8], profile: Profile) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let [before, after] = ["before", "after"].map(|name| folder.path().join(name));
    fs::write(&before, guarded).unwrap();
    let features = [
        "bulk-memory",
        "multivalue",
        "mutable-globals",
        "nontrapping-float-to-int",
        "reference-types",
        "sign-ext",
    ];
    let mut arguments = vec![before.into_os_string(), "-o".into(), after.clone().into()];
    arguments.extend(features.map(|feature| format!("--enable-{feature}").into()));
    arguments.extend(["--asyncify", "--pass-arg=asyncify-ignore-imports"].map(Into::into));
    arguments.push(profile.wasm_opt.into());
    setup::wasm_opt().unwrap().run(arguments).unwrap();
    fs::read(after).unwrap()
}

/// Runs an asyncified module's functions in Node, and returns what is printed.
fn run(asyncified: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), asyncified).unwrap();
    let mut node = Command::new(setup::node().unwrap());
    succeed(node.arg(sources().join("host.mjs")).arg(file.path()))
}

/// Runs a command, and returns what it prints.
#[track_caller]
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A program as the linker makes it pausable.
fn made(compiled: &[u8], recipe: &Recipe) -> Vec<u8> {
    cargo_bysyncify::asyncify(compiled, recipe, None).unwrap()
}

#[track_caller]
fn assert_prints(printed: &str, expected: &str) {
    assert!(printed == expected.trim_end(), "this was printed:\n{printed}");
}

#[test]
fn no_coroutine_runs_while_the_host_does() {
    for profile in [DEBUG, RELEASE] {
        let wasm = compile("host_boundary", profile);
        let wasm = guarded_for_binaryen(&wasm, &Options::default()).unwrap().module;
        assert_prints(&run(&asyncify(&wasm, profile)), include_str!("programs/host_boundary.txt"));
    }
}

#[test]
fn overflow_stops_at_once() {
    let guarded = |compiled: &[u8], checks| {
        guarded_for_binaryen(compiled, &Options { checks, ..Options::default() }).unwrap().module
    };
    let named = include_str!("programs/overflow.txt");
    let by_number = ["too_large", "descend"].iter().fold(named.to_owned(), |text, name| {
        let number = "function N (`cargo bysyncify report --function N names it)";
        text.replace(&format!("`overflow::{name}`"), number)
    });
    let debug = compile("overflow", DEBUG);
    assert_prints(&run(&asyncify(&guarded(&debug, true), DEBUG)), named);
    // What compilers before Rust 1.87 make of it.
    let old = module::without_sections(&debug, |name| name == "target_features").unwrap();
    assert_prints(&run(&asyncify(&guarded(&old, true), DEBUG)), &by_number);
    let release = compile("overflow", RELEASE);
    assert_prints(&run(&asyncify(&guarded(&release, false), RELEASE)), &by_number);
}

#[test]
fn panic_hooks_cannot_wait() {
    for profile in [DEBUG, RELEASE] {
        let compiled = compile("panic_hook", profile);
        assert_prints(
            &run(&made(&compiled, &Recipe::default())),
            include_str!("programs/panic_hook.txt"),
        );
    }
}

#[test]
fn suspend_that_nobody_expected_is_named() {
    let compiled = compile("no_suspend", DEBUG);
    let recipe = Recipe {
        no_suspend: NoSuspend(vec!["core::fmt".into(), "no_suspend::middle".into()]),
        checks: true,
        ..Recipe::default()
    };
    assert_prints(&run(&made(&compiled, &recipe)), include_str!("programs/no_suspend.txt"));
}

#[test]
fn suspend_that_nobody_expected_is_noticed_in_release_builds() {
    let compiled = compile("no_suspend_release", RELEASE);
    let assumed = ["middle", "without_a_frame", "caller"];
    let recipe = Recipe {
        no_suspend: NoSuspend(assumed.map(|name| format!("no_suspend_release::{name}")).into()),
        ..Recipe::default()
    };
    let printed = run(&made(&compiled, &recipe));
    assert_prints(&without_numbers(&printed), include_str!("programs/no_suspend_release.txt"));
}

#[test]
fn table_that_looks_like_a_vtable_may_be_copied() {
    for profile in [DEBUG, RELEASE] {
        let compiled = compile("lookalike", profile);
        let recipe = Recipe { checks: profile.name == "dev", ..Recipe::default() };
        let printed = run(&made(&compiled, &recipe));
        assert_prints(&printed, include_str!("programs/lookalike.txt"));
    }
}

/// The program goes wrong by what the precise mode assumes, and stops before anything runs on.
#[test]
fn table_that_is_taken_for_a_vtable_is_noticed_in_every_build() {
    for (profile, caller) in [
        (
            DEBUG,
            "`lookalike::use_device` in its call of `<lookalike::Net as lookalike::Driver>::read`",
        ),
        (
            RELEASE,
            "function … (`cargo bysyncify report --function …` names it) in its call of function … \
             (`cargo bysyncify report --function …` names it)",
        ),
    ] {
        let compiled = compile("lookalike", profile);
        let checks = profile.name == "dev";
        let recipe = Recipe { checks, precision: Precision::Slots, ..Recipe::default() };
        let printed = run(&made(&compiled, &recipe));
        let (before, after) =
            include_str!("programs/lookalike.txt").split_once("it is pending\nused").unwrap();
        let (_, rest) = after.split_once("it is ready\n").unwrap();
        let message = format!(
            "panic: {caller} was suspended, which is assumed not to happen; link without the \
             option that says so (`--bysyncify-precise` or `--bysyncify-assume-no-suspend`)\n\
             the host caught: unreachable\n"
        );
        assert_prints(&without_numbers(&printed), &format!("{before}{message}{rest}"));
    }
}

/// What was printed, with `…` for each word that is a number and follows another.
fn without_numbers(printed: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    let words = printed.split(' ').map(|word| match word.trim_end_matches('`') {
        number if !number.is_empty() && number.chars().all(is_digit) => word.replace(number, "…"),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
