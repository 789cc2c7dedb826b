//! Guards of modules in text form. Real programs are in `cargo-bysyncify/tests/guards`.

mod chains;
mod depth;
mod frames;
mod later;

use golden::assert_golden;

use super::*;

use crate::analysis::{Place, Program};
use crate::initialisers;
use crate::module::{FunctionIndex, GlobalIndex, ModuleInfo};
use std::collections::BTreeSet;

fn guard(wasm: &[u8], guards: &Guards<'_>) -> Result<Vec<u8>> {
    super::guard(&ModuleInfo::read(wasm).unwrap(), guards, &mut Trail::default())
}

/// Asserts that a module with guards is valid, and that `wasmprinter` prints it like the file `expected`.
#[track_caller]
fn assert_guarded(module: &str, guards: &Guards<'_>, expected: &str) {
    let wasm = guard(&wat::parse_str(module).unwrap(), guards).unwrap();
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
        .validate_all(&wasm)
        .unwrap();
    let text = wasmprinter::print_bytes(&wasm).unwrap();
    assert_golden!(expected, text);
}

#[test]
fn each_imported_function_is_called_through_a_wrapper() {
    assert_guarded(
        include_str!("host.wat"),
        &Guards {
            panics: &[FunctionIndex(10)],
            initialisers: &[FunctionIndex(13)],
            ..Guards::default()
        },
        "host.expected.wat",
    );
}

#[test]
fn addresses_may_have_64_bits() {
    assert_guarded(
        include_str!("host64.wat"),
        &Guards { panics: &[FunctionIndex(2)], ..Guards::default() },
        "host64.expected.wat",
    );
}

/// An `OnStack` in which these functions of a module, and no others, can be on a coroutine's stack.
fn on_stack(module: &str, functions: impl IntoIterator<Item = u32>) -> OnStack {
    let functions: BTreeSet<_> = functions.into_iter().map(FunctionIndex).collect();
    let program = Program::read(&wat::parse_str(module).unwrap()).unwrap();
    let start = functions.iter().map(|function| Place::Function(*function));
    OnStack::from(start, &program, &BTreeSet::new(), |function| !functions.contains(&function))
}

#[test]
fn where_panics_unwind_globals_are_restored_for_who_catches_them() {
    let module = include_str!("unwinding.wat");
    let guards = Guards { panics: &[FunctionIndex(3)], ..Guards::default() };
    assert_guarded(
        &module.replace("CATCH", "try (call $poll) catch_all end"),
        &guards,
        "unwinding.legacy.expected.wat",
    );
    assert_guarded(
        &module.replace("CATCH", "(block $caught (try_table (catch_all $caught) (call $poll)))"),
        &guards,
        "unwinding.standard.expected.wat",
    );
}

#[test]
fn debug_build_checks_its_stacks_and_who_is_on_them() {
    // wasm-bindgen's, a function of the program, and the switch.
    let uninstrumented =
        [5, 9, 10].map(|index| (FunctionIndex(index), " (assumed not to suspend)".to_owned()));
    let module = include_str!("checks.wat");
    let guards = Guards {
        panics: &[FunctionIndex(7)],
        on_stack: Some(&on_stack(module, [4, 5, 6, 8, 9])),
        checks: true,
        uninstrumented: &uninstrumented,
        ..Guards::default()
    };
    assert_guarded(module, &guards, "checks.expected.wat");
}

#[test]
fn debug_build_may_have_no_data() {
    let module = include_str!("checks64.wat");
    let on_stack = on_stack(module, [0]);
    let guards = Guards { on_stack: Some(&on_stack), checks: true, ..Guards::default() };
    assert_guarded(module, &guards, "checks64.expected.wat");
}

#[test]
fn old_compilers_get_checks_without_names() {
    let module = include_str!("checks_without_names.wat");
    let on_stack = on_stack(module, [0]);
    let guards = Guards { on_stack: Some(&on_stack), checks: true, ..Guards::default() };
    assert_guarded(module, &guards, "checks_without_names.expected.wat");
}

#[test]
fn optimised_build_checks_who_may_need_more_than_the_reserve() {
    let module = include_str!("stack.wat");
    let on_stack = on_stack(module, [0, 1, 2, 5].into_iter().chain(9..=17));
    let guards =
        Guards { panics: &[FunctionIndex(4)], on_stack: Some(&on_stack), ..Guards::default() };
    assert_guarded(module, &guards, "stack.expected.wat");
}

#[test]
fn what_is_assumed_is_checked_in_every_build() {
    let watched = |direct: &[u32], indirect: &[(u32, Option<FunctionIndex>)]| WatchedCalls {
        direct: direct.iter().copied().map(FunctionIndex).collect(),
        indirect: indirect.iter().copied().collect(),
    };
    let assumed = [(2, watched(&[4], &[(1, None)])), (3, watched(&[4], &[]))];
    let assumed = assumed.map(|(function, calls)| (FunctionIndex(function), calls)).into();
    let guards = Guards { assumed: Some(&assumed), ..Guards::default() };
    assert_guarded(include_str!("assumed.wat"), &guards, "assumed.expected.wat");
}

#[test]
fn what_an_initialiser_writes_is_looked_at_before_in_every_build() {
    let place = |address| initialisers::Place { base: None, address };
    let copied = initialisers::Place { base: Some(GlobalIndex(2)), address: 8 };
    let rewrites = [
        (2, [(2, vec![place(1028)]), (6, vec![place(1028), place(1036)])].into()),
        (3, [(4, vec![copied])].into()),
    ];
    let rewrites = rewrites.map(|(function, places)| (FunctionIndex(function), places)).into();
    let guards = Guards { rewrites: Some(&rewrites), ..Guards::default() };
    assert_guarded(include_str!("rewrites.wat"), &guards, "rewrites.expected.wat");
}

#[test]
fn checks_need_a_library_that_knows_of_them() {
    let module = |text| wat::parse_str(text).unwrap();
    let message = |wasm: &[u8], guards| format!("{:#}", guard(wasm, &guards).unwrap_err());
    let none = OnStack::default();
    let without = module(include_str!("host.wat"));
    let expected = "its `bysyncify` is too old: it knows of no checks
  \
                    update it, or set `Options::no_stack_checks` and not `Options::checks`";
    assert_eq!(message(&without, Guards { checks: true, ..Guards::default() }), expected);
    assert_eq!(message(&without, Guards { on_stack: Some(&none), ..Guards::default() }), expected);
    let text = include_str!("stack.wat").replace("$bysyncify_stack_limit", "$another");
    assert_eq!(
        message(&module(&text), Guards { on_stack: Some(&none), ..Guards::default() }),
        "its `bysyncify` is too old: it does not say where a stack ends
  \
         update it, or set `Options::no_stack_checks`"
    );
}

#[test]
fn module_without_the_switch_is_left_as_it_is() {
    // Padded as by a linker; rewriting the module would undo that.
    let text = r#"(module
        (import "env" "print" (func))
        (func (export "run") call 0)
        (@custom "name" "\00\05\04none"))"#;
    let wasm = wat::parse_str(text).unwrap();
    assert_eq!(
        guard(&wasm, &Guards { panics: &[FunctionIndex(1)], ..Guards::default() }).unwrap(),
        wasm
    );
}

#[test]
fn only_what_tells_of_places_in_the_code_is_dropped() {
    let module = |sections: &str| {
        format!(
            r#"(module
                (global $__stack_pointer (mut i32) (i32.const 0))
                (global $bysyncify_current_core (mut i32) (i32.const 0))
                (func $bysyncify_resume (param i32 i32 i32) (result i32) (i32.const 1))
                {sections})"#
        )
    };
    let all = module(
        r#"(@custom ".debug_info" "1") (@custom "target_features" "\00") (@custom "linking" "\02")
           (@custom "reloc.CODE" "\00\00") (@custom "__wasm_bindgen_unstable" "2")
           (@custom "metadata.code.branch_hint" "\00") (@custom "producers" "\00")"#,
    );
    let wasm = guard(&wat::parse_str(all).unwrap(), &Guards::default()).unwrap();
    let mut sections = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(&wasm) {
        if let wasmparser::Payload::CustomSection(section) = payload.unwrap() {
            sections.push(section.name().to_owned());
        }
    }
    assert_eq!(sections, ["target_features", "__wasm_bindgen_unstable", "producers", "name"]);
}

#[test]
fn missing_name_of_a_global_is_an_error() {
    let text = "(module (func $bysyncify_resume (param i32 i32 i32) (result i32) (i32.const 1)))";
    let error = guard(&wat::parse_str(text).unwrap(), &Guards::default()).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "cannot add guards to the module: its name section has no global `__stack_pointer`: link \
         it with names"
    );
}

#[test]
fn name_of_a_function_that_is_not_there_is_an_error() {
    let text = r#"(module
        (global $__stack_pointer (mut i32) (i32.const 0))
        (global $bysyncify_current_core (mut i32) (i32.const 0))
        (@custom "name" "\01\13\01\09\10bysyncify_resume\07\2a\02\00\0f__stack_pointer\01\16bysyncify_current_core"))"#;
    let error = guard(&wat::parse_str(text).unwrap(), &Guards::default()).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "cannot add guards to the module: bysyncify_resume has no type"
    );
}
