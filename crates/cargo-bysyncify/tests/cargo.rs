//! `cargo bysyncify` from the outside: over real small packages, with the real cargo and Node.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const ASYNCIFY: &str = r#"
#[link(wasm_import_module = "asyncify")]
unsafe extern "C" { fn stop_unwind(); }
#[unsafe(no_mangle)]
pub extern "C" fn never_called() { unsafe { stop_unwind() } }
"#;

/// A package in a folder of its own; `files` are paths and contents.
fn package(manifest: &str, files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let head = "[package]\nname = \"small\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(dir.path().join("Cargo.toml"), format!("{head}{manifest}")).unwrap();
    for (path, content) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

/// Runs `cargo bysyncify` with what is in `words`, in a package's folder.
fn bysyncify(package: &TempDir, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"))
        .arg("bysyncify")
        .args(words.split_whitespace())
        .current_dir(package.path())
        .env("CARGO_TARGET_DIR", package.path().join("target"))
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What is on the error output, but for what cargo says.
fn errors(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let ours = text.lines().skip_while(|line| !line.starts_with("error: "));
    ours.collect::<Vec<_>>().join("\n")
}

fn imports_of_asyncify(module: &Path) -> usize {
    let wasm = fs::read(module).unwrap();
    let mut count = 0;
    for payload in wasmparser::Parser::new(0).parse_all(&wasm) {
        if let wasmparser::Payload::ImportSection(section) = payload.unwrap() {
            let modules = section.into_imports().map(|import| import.unwrap().module);
            count += modules.filter(|module| *module == "asyncify").count();
        }
    }
    count
}

#[test]
fn build_follows_cargo_and_asyncifies() {
    let package = package("[lib]\ncrate-type = [\"cdylib\"]\n", &[("src/lib.rs", ASYNCIFY)]);
    for (words, profile) in [("build", "debug"), ("build --release", "release")] {
        let output = bysyncify(&package, words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let folder = package.path().join("target/wasm32-unknown-unknown").join(profile);
        assert_eq!(imports_of_asyncify(&folder.join("small.wasm")), 0);
    }
}

#[test]
fn build_fails_as_cargo_does() {
    let package = package("", &[("src/main.rs", "fn main() { nonsense }")]);
    let output = bysyncify(&package, "build");
    assert_eq!(output.status.code(), Some(101));
    let output = bysyncify(&package, "run");
    assert_eq!(output.status.code(), Some(101));
}

#[test]
fn run_gives_the_status_of_the_program() {
    let main = format!(
        "{ASYNCIFY}\nfn main() -> std::process::ExitCode {{ \
         std::process::ExitCode::from(if cfg!(debug_assertions) {{ 8 }} else {{ 7 }}) }}"
    );
    let package = package("", &[("src/main.rs", &main), ("examples/good.rs", "fn main() {}")]);
    assert_eq!(bysyncify(&package, "run").status.code(), Some(8));
    assert_eq!(bysyncify(&package, "run small --release").status.code(), Some(7));
    assert_eq!(bysyncify(&package, "run good").status.code(), Some(0));
}

#[test]
fn program_is_checked_without_being_linked() {
    let package = package("", &[("src/main.rs", "fn main() {}")]);
    assert_eq!(bysyncify(&package, "check").status.code(), Some(0));
    let debug = package.path().join("target/wasm32-unknown-unknown/debug");
    assert!(debug.is_dir() && !debug.join("small.wasm").exists());
    fs::write(package.path().join("src/main.rs"), "fn main() { 1 }").unwrap();
    let output = bysyncify(&package, "check");
    assert_eq!(output.status.code(), Some(101));
    assert!(String::from_utf8_lossy(&output.stderr).contains("error[E0308]"));
}

#[test]
fn only_a_page_can_be_shown_in_a_browser() {
    let package = package("", &[("src/main.rs", "fn main() {}")]);
    for words in ["run --open", "run --open --watch"] {
        let output = bysyncify(&package, words);
        let expected =
            "error: --open is for programs that run in a page, and this one does not: leave it out";
        assert_eq!(
            (errors(&output).as_str(), output.status.code()),
            (expected, Some(1)),
            "{words}"
        );
    }
}

#[test]
fn cache_is_removed_and_that_is_said() {
    let package = package("", &[]);
    let cache = package.path().join("cache");
    fs::create_dir_all(cache.join("binaryen-1")).unwrap();
    let clean = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-bysyncify"));
        let output = command.args(["bysyncify", "clean"]).env("BYSYNCIFY_CACHE", &cache).output();
        String::from_utf8(output.unwrap().stderr).unwrap()
    };
    let shown = cache.display();
    assert_eq!(clean(), format!("     Removed `{shown}`\n"));
    assert!(!cache.exists());
    assert_eq!(clean(), format!("     Removed nothing: there is no `{shown}`\n"));
}

#[test]
fn trap_is_told_with_the_function_that_did_it() {
    let main = "fn main() { culprit() }\n\
                #[inline(never)] #[unsafe(no_mangle)] extern \"C\" fn culprit() { panic!() }";
    let package = package("", &[("src/main.rs", main)]);
    let output = bysyncify(&package, "run");
    assert_eq!(output.status.code(), Some(134));
    let errors = errors(&output);
    assert_eq!(errors.lines().next(), Some("error: small.wasm trapped: unreachable"));
    let at =
        |function: &str| errors.lines().find(|line| line.contains(&format!("at {function} (")));
    assert!(at("culprit").is_some_and(|line| line.contains("src/main.rs:2:")), "{errors}");
    assert!(at("small::main").is_some_and(|line| line.contains("src/main.rs:1:")), "{errors}");
    // The whole stack is shown, down to where Node called the program.
    assert!(errors.lines().last().unwrap().contains("at main ("), "{errors}");
}

#[test]
fn host_script_gets_the_module_and_the_arguments() {
    let package = package(
        "[lib]\ncrate-type = [\"cdylib\"]\n\
         [package.metadata.bysyncify]\nhost = \"tools/host.mjs\"\n",
        &[
            ("src/lib.rs", ASYNCIFY),
            (
                "tools/host.mjs",
                "import { readFileSync } from 'node:fs';\n\
                 const [file, ...args] = process.argv.slice(2);\n\
                 const module = new WebAssembly.Module(readFileSync(file));\n\
                 console.log(WebAssembly.Module.imports(module).length, args.join(' '));\n\
                 process.exit(5);\n",
            ),
        ],
    );
    let output = bysyncify(&package, "run -- --dev -- two");
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("0 --dev -- two\n", Some(5)));

    fs::remove_file(package.path().join("tools/host.mjs")).unwrap();
    let output = bysyncify(&package, "run");
    assert_eq!(
        errors(&output),
        format!(
            "error: the host script `{}` is not there: see `package.metadata.bysyncify.host` in \
             the package's Cargo.toml",
            fs::canonicalize(package.path()).unwrap().join("tools/host.mjs").display()
        )
    );
}

#[test]
fn module_that_needs_a_host_says_so() {
    let lib = "#[link(wasm_import_module = \"env\")] unsafe extern \"C\" { fn read(); }\n\
               #[unsafe(no_mangle)] pub extern \"C\" fn go() { unsafe { read() } }";
    let package = package("[lib]\ncrate-type = [\"cdylib\"]\n", &[("src/lib.rs", lib)]);
    let output = bysyncify(&package, "run");
    assert_eq!(
        errors(&output),
        "error: small.wasm needs imports that only a host of its own can give:\n    env.read\n\
         Put a script that gives them into the package and name it in Cargo.toml:\n    \
         [package.metadata.bysyncify]\n    host = \"host.mjs\"\n\
         It gets the path of the module, then the program's arguments."
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn library_without_an_entry_says_so() {
    let package = package("[lib]\ncrate-type = [\"cdylib\"]\n", &[("src/lib.rs", ASYNCIFY)]);
    let output = bysyncify(&package, "run");
    assert_eq!(
        errors(&output),
        "error: small.wasm exports no function `main` or `_start` that could be called\n\
         To say how it is run, put a script into the package and name it in Cargo.toml:\n    \
         [package.metadata.bysyncify]\n    host = \"host.mjs\""
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn tests_run_and_a_failing_one_is_named() {
    let test = "#[test] fn holds() {}\n\
                #[test] fn breaks() { assert!(std::env::args().count() > 5) }";
    let good = ("tests/good.rs", "#[test] fn holds() {}");
    let package = package("", &[("src/lib.rs", ASYNCIFY), good, ("tests/bad.rs", test)]);

    let output = bysyncify(&package, "test --test good");
    assert!(stdout(&output).ends_with(".wasm: the tests ran to their end and none failed\n"));
    assert_eq!(output.status.code(), Some(0));

    let output = bysyncify(&package, "test --test bad");
    assert_ne!(output.status.code(), Some(0));
    let errors = errors(&output);
    assert!(errors.contains("breaks"), "{errors}");
}

#[test]
fn setup_names_what_it_found() {
    let package = package("", &[("src/lib.rs", "")]);
    let output = bysyncify(&package, "setup");
    assert!(output.status.success(), "{}", errors(&output));
    let printed = stdout(&output);
    let starts: Vec<&str> = printed.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(starts[0], "wasm32-unknown-unknown");
    assert!(starts[1].starts_with("wasm-opt 1"), "{printed}");
    assert_eq!(starts[2], "node");
    assert_eq!(starts.len(), 3);
}

#[test]
fn help_and_unknown_commands() {
    let package = package("", &[("src/lib.rs", "")]);
    for (words, start) in [
        ("--help", "Builds, runs and tests programs that use bysyncify\n\nIt is cargo with"),
        ("help", "Builds, runs and tests programs that use bysyncify\n\nIt is cargo with"),
        ("-h", "Builds, runs and tests programs that use bysyncify\n\nUsage: cargo bysyncify "),
        ("help new", "Makes a project that runs at once\n\n"),
        ("new demo -h", "Makes a project that runs at once\n\n"),
        ("build --release --help", "Like `cargo build`, for a wasm target\n\n"),
        ("--version", concat!("cargo-bysyncify ", env!("CARGO_PKG_VERSION"), "\n")),
    ] {
        let output = bysyncify(&package, words);
        assert!(stdout(&output).starts_with(start), "{words}: {}", stdout(&output));
        assert_eq!(output.status.code(), Some(0), "{words}");
    }
    // What comes after is the program's.
    let output = bysyncify(&package, "runner nothing.wasm --help");
    assert_ne!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), "");
    assert_eq!(bysyncify(&package, "").status.code(), Some(2));
    let output = bysyncify(&package, "biuld");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        errors(&output),
        "error: unrecognized subcommand 'biuld'\n\n  tip: a similar subcommand exists: 'build'\n\n\
         Usage: cargo bysyncify <COMMAND>\n\nFor more information, try '--help'."
    );
}
