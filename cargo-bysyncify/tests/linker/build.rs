//! Building small programs for wasm with a linker of one's choice.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cargo_bysyncify::setup;
use wasmparser::{Parser, Payload};

const TARGET: &str = "wasm32-unknown-unknown";

/// The linker under test.
pub(crate) const LINKER: &str = env!("CARGO_BIN_EXE_bysyncify-ld");

/// The compiler that has the wasm target.
fn rustc() -> PathBuf {
    let target = setup::wasm_target(TARGET).expect("wasm target");
    target.rustc.unwrap_or_else(|| std::env::var_os("RUSTC").unwrap_or("rustc".into()).into())
}

/// Compiles `programs/<name>.rs` to `output`; `arguments` are rustc's.
pub(crate) fn compile(name: &str, output: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(rustc());
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

/// Runs a command that has to succeed and say nothing.
pub(crate) fn silent(command: &mut Command) {
    let output = command.output().expect("command can be run");
    assert_eq!((stderr(&output), output.status.success()), (String::new(), true), "{command:?}");
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The folder with the `rust-lld` that rustc would put on `PATH`.
pub(crate) fn rust_lld_folder() -> PathBuf {
    let output = Command::new(rustc()).args(["--print", "target-libdir"]).output().unwrap();
    let libdir = String::from_utf8(output.stdout).unwrap();
    Path::new(libdir.trim()).parent().expect("lib is in a folder").join("bin")
}

/// What the tests look at in a module.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    pub(crate) custom_sections: Vec<String>,
}

pub(crate) fn contents(path: &Path) -> Contents {
    let wasm = std::fs::read(path).expect("module is there");
    let mut contents = Contents::default();
    for payload in Parser::new(0).parse_all(&wasm) {
        match payload.expect("module is valid") {
            Payload::ImportSection(section) => {
                contents.imports.extend(section.into_imports().map(|import| {
                    let import = import.unwrap();
                    format!("{}.{}", import.module, import.name)
                }))
            }
            Payload::ExportSection(section) => contents
                .exports
                .extend(section.into_iter().map(|export| export.unwrap().name.to_owned())),
            Payload::CustomSection(section) => {
                contents.custom_sections.push(section.name().to_owned());
            }
            _ => {}
        }
    }
    contents
}
