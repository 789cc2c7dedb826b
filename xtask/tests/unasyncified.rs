//! A module that was not asyncified cannot say so itself: no engine accepts its imports. These
//! are the engines' own words, which people will look for.

use std::process::Command;

use wasmi::{Engine, Linker, Module, Store};

/// The smallest module that imports what the library does.
const MODULE: &str = r#"(module (import "asyncify" "start_unwind" (func (param i32))))"#;

#[test]
fn node_refuses() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("module.wasm");
    std::fs::write(&path, wat::parse_str(MODULE).expect("valid text")).expect("a file");
    let script = "
        WebAssembly.instantiate(require('fs').readFileSync(process.argv[1]), { host: {} })
            .catch((error) => console.log(`${error}`))";
    let node = cargo_bysyncify::setup::node().expect("Node");
    let output = Command::new(node).args(["--eval", script]).arg(&path).output().expect("Node");
    let said = String::from_utf8_lossy(&output.stdout);
    // Between the two: `"asyncify":` or `module="asyncify" error:`, as V8's version has it.
    assert!(said.starts_with("TypeError: WebAssembly.instantiate(): Import #0 "), "{said}");
    assert!(said.contains("\"asyncify\""), "{said}");
    assert!(said.ends_with(": module is not an object or function\n"), "{said}");
}

#[test]
fn wasmi_refuses() {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(MODULE).expect("valid text"));
    let module = module.expect("a valid module");
    let linker = Linker::<()>::new(&engine);
    let error = linker
        .instantiate_and_start(&mut Store::new(&engine, ()), &module)
        .expect_err("nobody provides the import");
    assert_eq!(
        error.to_string(),
        "cannot find definition for import (asyncify,start_unwind) with type \
         Func(FuncType { core: FuncType { params: [I32], results: [] } })"
    );
}
