//! What is assumed and not true ends a program before anything runs on, however that is called which waits.

use wasmi::{Engine, Instance, Linker, Module, Store};

use crate::analysis::NoSuspend;
use crate::options::{Compact, Options};
use crate::resumption::Resumption;
use crate::transform;

/// `entry` runs in a coroutine, and `wait` waits there. `$on` counts what runs when it should not.
const PROGRAM: &str = r#"
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "stop_unwind" (func $stop_unwind))
    (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
    (import "asyncify" "stop_rewind" (func $stop_rewind))
    (type $none (func))
    (memory 4)
    (table 8 funcref)
    (elem (i32.const 1) func $app::entry $app::wait $app::middle)
    (global $__stack_pointer (mut i32) (i32.const 0x8000))
    (global $bysyncify_current_core (mut i32) (i32.const 0))
    (global $bysyncify_stack_limit (mut i32) (i32.const 0))
    (global $bysyncify_stack_reserve i32 (i32.const 128))
    (global $on (export "on") (mut i32) (i32.const 0))
    (func $bysyncify_suspend (call $start_unwind (i32.const 16)))
    (func $bysyncify_resume (param i32 i32 i32) (result i32)
      (if (local.get 1) (then (call $start_rewind (i32.const 16)) (call $stop_rewind)))
      (call_indirect (type $none) (local.get 0))
      (call $stop_unwind)
      (i32.const 0))
    (func $bysyncify_outside (param i32 i32))
    (func $bysyncify_set_reporter (param i32))
    (func (export "run")
      (drop (call $bysyncify_resume (i32.const 1) (i32.const 0) (i32.const 0))))
    (func $went_on (global.set $on (i32.add (global.get $on) (i32.const 1))))
    (func $app::wait (call $bysyncify_suspend))
    (data (i32.const 16) "\00\04\00\00\00\10\00\00")"#;

/// Runs a program in which `app::middle` is said not to suspend, in every build. None if it is refused, and else
/// whether it went on to its end, and what ran that should not.
fn run(functions: &str, resumption: Resumption, checks: bool) -> Option<(bool, i32)> {
    let wasm = wat::parse_str(format!("(module {PROGRAM} {functions})")).unwrap();
    let options = Options {
        no_suspend: NoSuspend(vec!["app::middle".to_owned()]),
        resumption,
        checks,
        compact: Compact::None,
        verify: true,
        ..Options::default()
    };
    let made = match transform(&wasm, &options) {
        Ok(made) => made.module,
        Err(error) => {
            let error = error.to_string();
            assert!(error.contains("makes tail calls, behind which nothing can check"), "{error}");
            return None;
        }
    };
    let engine = Engine::default();
    let module = Module::new(&engine, &made).unwrap();
    let mut store = Store::new(&engine, ());
    let instance: Instance =
        Linker::new(&engine).instantiate_and_start(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
    let has_finished = run.call(&mut store, ()).is_ok();
    let on = instance.get_global(&store, "on").unwrap().get(&store).i32().unwrap();
    Some((has_finished, on))
}

#[test]
fn nothing_runs_on_in_what_was_said_not_to_suspend() {
    let entry = "(func $app::entry (call $app::middle) (call $went_on))";
    let waits = "(func $app::entry (call $app::wait) (call $app::middle) (call $went_on))";
    for functions in [
        format!("{entry} (func $app::middle (call $app::wait) (call $went_on))"),
        format!("{entry} (func $app::middle (call $bysyncify_suspend) (call $went_on))"),
        format!(
            "{entry} (func $app::middle (call_indirect (type $none) (i32.const 2)) (call $went_on))"
        ),
        // Without a frame of its own in any form, and behind one that is not said anything of.
        format!("{entry} (func $app::middle (call $app::wait))"),
        format!(
            "{entry} (func $app::middle (call $app::other) (call $went_on))
             (func $app::other (call $app::wait) (call $went_on))"
        ),
        // In a circle.
        format!(
            "{entry} (global $depth (mut i32) (i32.const 3))
             (func $app::middle (call $app::other) (call $went_on))
             (func $app::other
               (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
               (if (global.get $depth) (then (call $app::middle)) (else (call $app::wait)))
               (call $went_on))"
        ),
        // Called through a pointer, which is of the type of what waits.
        "(func $app::entry (call_indirect (type $none) (i32.const 3)) (call $went_on))
         (func $app::middle (call $app::wait) (call $went_on))"
            .to_owned(),
        // By one that is instrumented for another call.
        "(func $app::entry (call $app::middle) (call $went_on) (call $app::wait))
         (func $app::middle (call $app::wait) (call $went_on))"
            .to_owned(),
    ] {
        for resumption in [Resumption::AllAtOnce, Resumption::OneByOne] {
            for checks in [false, true] {
                let ran = run(&functions, resumption, checks);
                assert_eq!(ran, Some((false, 0)), "{resumption:?}, {checks}: {functions}");
            }
        }
    }
    // What is true changes nothing: it ends when the coroutine is suspended.
    for resumption in [Resumption::AllAtOnce, Resumption::OneByOne] {
        let ran = run(&format!("{waits} (func $app::middle)"), resumption, false);
        assert_eq!(ran, Some((true, 0)), "{resumption:?}");
    }
}

#[test]
fn a_tail_call_of_what_waits_is_refused_where_nothing_could_look() {
    for middle in [
        "(return_call $app::wait)",
        "(return_call $bysyncify_suspend)",
        "(return_call_indirect (type $none) (i32.const 2))",
    ] {
        let functions = format!(
            "(func $app::entry (call $app::middle) (call $went_on)) (func $app::middle {middle})"
        );
        for resumption in [Resumption::AllAtOnce, Resumption::OneByOne] {
            for checks in [false, true] {
                assert_eq!(run(&functions, resumption, checks), None, "{checks}: {functions}");
            }
        }
    }
    // What cannot wait may be called so.
    let harmless = "(func $app::entry (call $app::wait) (call $app::middle))
                    (func $app::middle (return_call $went_on))";
    assert_eq!(run(harmless, Resumption::OneByOne, false), Some((true, 0)));
}
