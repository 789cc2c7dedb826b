//! What instrumented functions look like. What they do is tested where they run: in the guests (`tests/guests`), and
//! in the random programs of `cargo xtask fuzz`.

use golden::assert_golden;
use std::collections::{BTreeMap, BTreeSet};

use super::emit::Form;
use super::{Reason, SuspendPlan, Unsupported, instrument};
use crate::debug::Trail;
use crate::error::Failure;
use crate::module::{FunctionIndex, LocalIndex};

mod compact;
mod exits;
mod flat;
mod inlined;
mod instances;
mod levels;
mod references;
mod run;
mod thrown;
mod zeroes;

/// Instruments the functions `$waits` and `$waits_too` of a module in this form, with `$suspend` as the topmost
/// function and all indirect calls as sites.
fn instrumented(text: &str, form: Form) -> Result<Vec<u8>, Unsupported> {
    let (wasm, plan) = read(text, form);
    let instrumented =
        instrument(&wasm, &plan, &mut Trail::default()).map_err(|failure| match failure {
            Failure::Own(unsupported) => unsupported,
            Failure::Other(error) => panic!("{error}"),
        })?;
    crate::check::check(&wasm, &instrumented, &plan).unwrap();
    Ok(instrumented)
}

fn read(text: &str, form: Form) -> (Vec<u8>, SuspendPlan) {
    let wasm = wat::parse_str(text).unwrap();
    let program = crate::analysis::Program::read(&wasm).unwrap();
    let functions: BTreeSet<_> =
        ["waits", "waits_too"].iter().filter_map(|name| program.named(name)).collect();
    let by_type_only = match form {
        Form::Fast => BTreeSet::new(),
        Form::Compact => functions.clone(),
    };
    let indirect: BTreeMap<_, _> =
        functions.iter().map(|function| (*function, (0..9).collect())).collect();
    let topmost = program.named("suspend").into_iter().collect();
    let plan = SuspendPlan { functions, by_type_only, topmost, indirect, ..SuspendPlan::default() };
    (wasm, plan)
}

/// The instrumented `$waits`, in a module with this text.
fn waits(text: &str) -> String {
    waits_in(Form::Fast, text)
}

/// The same in compact form.
fn waits_compactly(text: &str) -> String {
    waits_in(Form::Compact, text)
}

fn waits_in(form: Form, text: &str) -> String {
    let wasm = instrumented(
        &format!(
            r#"(module
            (type $t (func (param i32) (result i32)))
            (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
            (memory 1)
            (table 1 funcref)
            (func $suspend (param i32) (result i32)
              (call $start_unwind (local.get 0)) (i32.const 0))
            (func $plain (param i32) (result i32) (local.get 0))
            {text})"#
        ),
        form,
    );
    let text = wasmprinter::print_bytes(wasm.unwrap()).unwrap();
    let start = text.find("  (func $waits ").unwrap();
    let end = text[start..].find("\n  )\n").unwrap() + start;
    text[start..end + 5].to_owned()
}

#[test]
fn tail_calls_become_calls() {
    let text = "(func $waits (param i32) (result i32) (return_call $suspend (local.get 0)))";
    let with_call = "(func $waits (param i32) (result i32) (return (call $suspend (local.get 0))))";
    assert_eq!(waits(text), waits(with_call));
}

#[test]
fn code_grows_with_the_function_and_not_its_square() {
    let size = |form, sites: usize| {
        let locals = "i32 ".repeat(sites);
        let sets =
            (0..sites).map(|at| format!("(local.set {at} (call $suspend (local.get {at})))"));
        let uses = (0..sites).map(|at| format!("(drop (call $suspend (local.get {at})))"));
        let code: String = sets.chain(uses).collect();
        let text = format!(
            r#"(module (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
                (memory 1)
                (func $suspend (param i32) (result i32)
                  (call $start_unwind (local.get 0)) (i32.const 0))
                (func $waits (local {locals}) {code}))"#
        );
        // The checker is not run: its time grows with the cube of the function's size.
        let (wasm, plan) = read(&text, form);
        instrument(&wasm, &plan, &mut Trail::default()).unwrap().len()
    };
    for form in [Form::Fast, Form::Compact] {
        let (small, large) = (size(form, 200), size(form, 400));
        assert!(large < 3 * small, "{small} {large}");
    }
}

#[test]
fn whole_module() {
    let wasm = instrumented(
        r#"(module $demo
            (import "env" "a" (func $a))
            (import "asyncify" "stop_rewind" (func $stop_rewind))
            (import "asyncify" "start_unwind" (func $start_unwind (param i64)))
            (import "env" "memory" (memory i64 1))
            (func $waits (export "waits") (call $a) (call $suspend))
            (func $suspend (call $start_unwind (i64.const 8)) (call $stop_rewind))
            (elem declare func $suspend $stop_rewind)
            (func $takes (result funcref funcref)
              (ref.func $suspend) (ref.func $stop_rewind)))"#,
        Form::Fast,
    );
    let text = wasmprinter::print_bytes(wasm.unwrap()).unwrap();
    assert_golden!("tests/module.expected.wat", text);
}

#[test]
fn references_are_kept_in_tables() {
    for (form, golden) in [
        (Form::Fast, "tests/references.expected.wat"),
        (Form::Compact, "tests/references_compact.expected.wat"),
    ] {
        let wasm = instrumented(
            r#"(module
                (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
                (memory 1)
                (func $suspend (call $start_unwind (i32.const 8)))
                (func $waits (param $x externref) (result externref i32) (local $y funcref)
                  (call $suspend)
                  (local.get $x)
                  (ref.is_null (local.get $y))))"#,
            form,
        );
        let text = wasmprinter::print_bytes(wasm.unwrap()).unwrap();
        assert_golden!(golden, text);
    }
}

#[test]
fn a_function_that_is_refused_is_named() {
    let text = r#"(module (memory 1)
        (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
        (func $suspend (call $start_unwind (i32.const 0)))
        (func $waits (param contref) (result contref) (call $suspend) (local.get 0)))"#;
    let text = text.replacen("(memory 1)", "", 1).replacen(
        "(func $suspend",
        "(memory 1) (func $suspend",
        1,
    );
    let reason = Reason::ReferenceInLocal(LocalIndex(0));
    for form in [Form::Fast, Form::Compact] {
        assert_eq!(
            instrumented(&text, form),
            Err(Unsupported { function: FunctionIndex(2), reason })
        );
    }
}
