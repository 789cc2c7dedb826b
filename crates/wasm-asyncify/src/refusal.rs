//! Errors for modules that cannot be made pausable, found before anything runs.

use crate::analysis::{Analysis, Program, readable};
use crate::check::Wrong;
use crate::error::{Error, Result};
use crate::initialisers::Lost;
use crate::instrument::{Reason, Unsupported};
use crate::remedy::Remedy;

/// Rejects a module whose functions have no names.
pub fn check_names(program: &Program) -> Result<()> {
    if !program.has_names() {
        return Err(Error::of_module(
            "the module has no function names: something has stripped them before this step, which \
             needs them to tell a panic from a function that waits",
            Remedy::KeepNames,
        ));
    }
    Ok(())
}

/// Rejects a module that Binaryen's Asyncify does not support, wherever the cause is in the module.
pub(crate) fn check_for_binaryen(program: &Program) -> Result<()> {
    for function in program.functions.values() {
        if let Some(offset) = function.calls.tail_call {
            return Err(Error::Unsupported {
                function: Some(readable(function.name.as_deref().unwrap_or("a function"))),
                reason: format!(
                    "makes a tail call (at offset {offset:#x} of the linked module), and Binaryen's \
                     Asyncify supports none in the whole module"
                ),
                remedy: Remedy::AvoidTailCallsOrBinaryen,
            });
        }
    }
    Ok(())
}

/// The error for a function that cannot be instrumented: its name, how it can be suspended, and the remedy.
pub(crate) fn of_function(
    unsupported: Unsupported,
    program: &Program,
    analysis: &Analysis,
) -> Error {
    let (what, remedy) = match unsupported.reason {
        Reason::ReferenceInLocal(local) => (
            format!(
                "has a reference in local {local} while it is suspended, of a type that cannot be \
                 kept meanwhile"
            ),
            Remedy::AvoidReferences,
        ),
        Reason::ReferenceOnStack => (
            "has a reference on the stack while it is suspended, of a type that cannot be kept \
             meanwhile"
                .to_owned(),
            Remedy::AvoidReferences,
        ),
        Reason::NoStandIn => (
            "returns or passes on a reference that cannot be null, and nothing can stand in for it \
             while the function is suspended"
                .to_owned(),
            Remedy::AllowNull,
        ),
        Reason::InHandler => (
            "can be suspended in an exception handler, which cannot be entered without an exception"
                .to_owned(),
            Remedy::AvoidLegacyExceptions,
        ),
        Reason::InBlockWithParameters => (
            "can be suspended in a block with parameters, in a function that also branches by a \
             reference, or catches an exception into a loop with parameters"
                .to_owned(),
            Remedy::UseBinaryen,
        ),
        Reason::TailCallInTry => (
            "can be suspended in a tail call out of a `try`: as a call it would be in the `try`, \
             whose handlers would catch what it throws"
                .to_owned(),
            Remedy::AvoidTailCalls,
        ),
        Reason::FlatTry => (
            "can be suspended in a `try` of the exceptions before the standard's: if functions are \
             resumed one by one, its handlers do not find what is thrown after that"
                .to_owned(),
            Remedy::ResumeAllAtOnce,
        ),
        Reason::FlatReference => (
            "takes a reference that cannot be null, or returns one to what is not instrumented: if \
             functions are resumed one by one there is nothing to pass in its place"
                .to_owned(),
            Remedy::ResumeAllAtOnce,
        ),
    };
    let reason = format!("{what}:\n{}", analysis.chain(program, unsupported.function));
    let function = readable(&program.symbol(unsupported.function));
    match unsupported.reason {
        Reason::InBlockWithParameters => Error::NotImplemented { function, reason, remedy },
        _ => Error::Unsupported { function: Some(function), reason, remedy },
    }
}

/// The error for a function that the checker has found to be wrong.
pub(crate) fn of_checker(wrong: &Wrong, program: &Program) -> Error {
    let function = wrong.function.map(|function| readable(&program.symbol(function)));
    Error::Wrong { function, what: wrong.to_string() }
}

/// The error for a function if it is unknown which `thread_local!` it writes.
pub(crate) fn of_initialiser(Lost { function }: Lost, program: &Program) -> Error {
    Error::Unsupported {
        function: Some(readable(&program.symbol(function))),
        reason:
            "can wait in the initialiser of a `thread_local!`, which was inlined, and it cannot \
                 be told which one: two coroutines could be in it at once."
                .to_owned(),
        remedy: Remedy::MakeValueBefore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Function, NoSuspend, Precision, SuspendPlan};
    use crate::debug::Trail;
    use crate::instrument::instrument;
    use crate::module::FunctionIndex;

    /// The error for a program in which `resume` calls `entry`, which calls `demo::waits`; the rest is in `text`.
    fn refusal(text: &str) -> Option<String> {
        let wasm = wat::parse_str(format!(
            r#"(module
                (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
                (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
                (import "env" "other" (func $other (param i32)))
                (memory 1)
                (tag $exception)
                (func $resume (call $start_rewind (i32.const 0)) (call $entry))
                (func $entry (call {WAITS}))
                (func $suspend (call $start_unwind (i32.const 0)))
                {text})"#
        ));
        let wasm = wasm.unwrap();
        let program = Program::read(&wasm).unwrap();
        let analysis = Analysis::new(&program, &NoSuspend::default(), Precision::Types).unwrap();
        let plan = SuspendPlan::new(&program, &analysis);
        let failure = instrument(&wasm, &plan, &mut Trail::default()).err()?;
        let explain = |unsupported| of_function(unsupported, &program, &analysis);
        Some(failure.explained(explain).to_string())
    }

    #[test]
    fn an_initialiser_that_cannot_be_told_is_refused() {
        let function = Function { name: Some("demo::f".to_owned()), ..Function::default() };
        let program = Program { functions: [function].into_iter().collect(), ..Program::default() };
        assert_eq!(
            of_initialiser(Lost { function: FunctionIndex(0) }, &program).to_string(),
            "`demo::f` can wait in the initialiser of a `thread_local!`, which was inlined, and it \
             cannot be told which one: two coroutines could be in it at once.\n  \
             make the value before, and put it into a `OnceCell` there; or build at another \
             `opt-level` than \"z\", or without `lto`, at which std's function is not inlined"
        );
    }

    /// `demo::waits`, mangled.
    const WAITS: &str = "$_ZN4demo5waits17h0123456789abcdefE";

    #[test]
    fn nothing_is_said_of_what_is_not_suspended_or_can_be() {
        for text in [
            "(local i64 v128) (call $suspend)",
            "(local externref funcref) (call $suspend) (drop (local.get 0)) \
             (drop (local.get 1))",
            "(local exnref anyref i31ref) (call $suspend) (drop (local.get 0)) \
             (drop (ref.eq (ref.cast eqref (local.get 1)) (local.get 2)))",
            // It is not read afterwards.
            "(local contref) (local.set 0 (local.get 0)) (call $suspend)",
            "(block $caught (try_table (catch $exception $caught) (call $suspend)))",
            "try (call $suspend) catch_all (call $other (i32.const 0)) end",
            "try try (call $suspend) delegate 0 catch_all end",
            "(return_call $suspend)",
            // No call that can suspend comes before the read.
            "(local contref)
             (block (br_if 0 (i32.const 0)) (call $suspend) (return_call $other (i32.const 0)))
             (drop (local.get 0))",
        ] {
            assert_eq!(refusal(&format!("(func {WAITS} {text})")), None, "{text}");
        }
        assert_eq!(
            refusal(&format!(
                "(func {WAITS} (call $suspend))
                 (func $handles try catch_all (call $other (i32.const 0)) end)
                 (func $holds (param externref) (local funcref) (call $other (i32.const 0)))"
            )),
            None
        );
    }

    #[test]
    fn references_are_refused_that_cannot_be_kept() {
        let help = "pass it on in a function that does not wait, or keep it in a table or global";
        for (what, code) in [
            (
                "in local 1",
                "(param i32 contref) (local i32 funcref) (call $suspend) (drop (local.get 1))",
            ),
            ("on the stack", "(param i32 contref) (local.get 1) (call $suspend) drop"),
        ] {
            assert_eq!(
                refusal(&format!(
                    "(func {WAITS} (call $holds (i32.const 0) (ref.null cont)))
                     (func $holds {code})"
                ))
                .unwrap(),
                format!(
                    "`holds` has a reference {what} while it is suspended, of a type \
                     that cannot be kept meanwhile:\n    \
                     holds\n      \
                     calls suspend\n  \
                     {help}"
                )
            );
        }
    }

    #[test]
    fn references_are_refused_that_nothing_can_stand_in_for() {
        for heap in ["exn", "$endless", "nofunc"] {
            let passes = format!(
                "(func {WAITS} (call $takes (ref.as_non_null (ref.null {heap}))))
                 (func $takes (param (ref {heap})) (call $suspend))"
            );
            let returns = format!(
                "(func {WAITS} (drop (call $returns)))
                 (func $returns (result (ref {heap}))
                    (call $suspend) (ref.as_non_null (ref.null {heap})))"
            );
            for (text, name, called) in [
                (passes, "demo::waits", "takes\n      calls suspend"),
                (returns, "returns", "suspend"),
            ] {
                let text = format!("(type $endless (struct (field (ref $endless)))) {text}");
                let expected = format!(
                    "`{name}` returns or passes on a reference that cannot be null, and nothing can \
                     stand in for it while the function is suspended:\n    \
                     {name}\n      \
                     calls {called}\n  \
                     use a type there that can be null"
                );
                assert_eq!(refusal(&text), Some(expected), "{heap}");
            }
        }
    }

    #[test]
    fn handlers_are_refused_that_could_not_be_entered_again() {
        for code in
            ["try catch_all (call $suspend) end", "try catch $exception (call $suspend) end"]
        {
            assert_eq!(
                refusal(&format!("(func {WAITS} {code})")).unwrap(),
                "`demo::waits` can be suspended in an exception handler, which cannot be entered \
                 without an exception:\n    \
                 demo::waits\n      \
                 calls suspend\n  \
                 compile for the standard exception instructions (`try_table`), or have Binaryen \
                 translate it to them before (`wasm-opt --translate-to-exnref`, version 125 or \
                 later)"
            );
        }
    }

    #[test]
    fn blocks_with_parameters_are_refused() {
        let code = "(i32.const 1) (block (param i32) (drop) (call $suspend))";
        assert_eq!(
            refusal(&format!("(func {WAITS} {code})")).unwrap(),
            "`demo::waits` can be suspended in a block with parameters, in a function that also \
             branches by a reference, or catches an exception into a loop with parameters:\n    \
             demo::waits\n      \
             calls suspend\n  \
             have Binaryen do it (`wasm-opt --asyncify`), and tell us"
        );
    }

    #[test]
    fn tail_calls_do_not_get_into_a_try() {
        for code in [
            "try (return_call $suspend) catch_all end",
            "(block $caught (try_table (catch_all $caught) (block (return_call $suspend))))",
        ] {
            assert_eq!(
                refusal(&format!("(func {WAITS} {code})")).unwrap(),
                "`demo::waits` can be suspended in a tail call out of a `try`: as a call it would be \
                 in the `try`, whose handlers would catch what it throws:\n    \
                 demo::waits\n      \
                 calls suspend\n  \
                 build without the target feature `tail-call`"
            );
        }
        let code = "try catch_all end (return_call $suspend)";
        assert_eq!(refusal(&format!("(func {WAITS} {code})")), None);
    }

    #[test]
    fn binaryen_is_not_given_tail_calls() {
        let text = "(module (func $_ZN4demo4tail17h0123456789abcdefE (return_call 0)))";
        let program = Program::read(&wat::parse_str(text).unwrap()).unwrap();
        let offset = program.functions[FunctionIndex(0)].calls.tail_call.unwrap();
        assert_eq!(
            check_for_binaryen(&program).unwrap_err().to_string(),
            format!(
                "`demo::tail` makes a tail call (at offset {offset:#x} of the linked module), and \
                 Binaryen's Asyncify supports none in the whole module\n  \
                 build without the target feature `tail-call`, or use `transform`, which supports them"
            )
        );
    }

    #[test]
    fn names_must_be_there() {
        let stripped = Program::read(&wat::parse_str("(module (func))").unwrap()).unwrap();
        assert_eq!(
            check_names(&stripped).unwrap_err().to_string(),
            "the module has no function names: something has stripped them before this step, \
             which needs them to tell a panic from a function that waits\n  \
             leave out what strips (`wasm-strip`, `wasm-opt` without `-g`)"
        );
        let named = Program::read(&wat::parse_str("(module (func $f))").unwrap()).unwrap();
        check_names(&named).unwrap();
    }
}
