//! What Asyncify cannot do, said before anything runs.

use anyhow::{Result, bail};

use crate::analysis::{Analysis, Program, readable};

/// Refuses a module whose functions have no names.
pub(crate) fn check_names(program: &Program) -> Result<()> {
    if !program.has_names() {
        bail!(
            "the module has no function names: something has stripped them before this step, which \
             needs them to tell a panic from a function that waits. Leave out what strips \
             (`wasm-strip`, `wasm-opt` without `-g`, a BYSYNCIFY_LINKER that does). `strip = \
             \"symbols\"` in the profile is fine: the linker strips when it has done its work"
        );
    }
    Ok(())
}

/// Refuses a module in which a function must be instrumented that cannot be.
pub(crate) fn check(program: &Program, analysis: &Analysis) -> Result<()> {
    // Binaryen refuses every tail call in a module, wherever it is.
    for function in &program.functions {
        if let Some(offset) = function.calls.tail_call {
            let name = readable(function.name.as_deref().unwrap_or("a function"));
            bail!(
                "`{name}` makes a tail call (at offset {offset:#x} of the linked module), and \
                 Asyncify supports none in the whole module: build without the target feature \
                 `tail-call` (`-C target-feature=+tail-call`, in RUSTFLAGS or in \
                 `.cargo/config.toml`)"
            );
        }
    }
    for index in analysis.instrumented() {
        let function = &program.functions[index as usize];
        let name = readable(&program.symbol(index));
        let why = || analysis.chain(program, index);
        if let Some(offset) = function.calls.try_table {
            bail!(
                "`{name}` handles exceptions with `try_table` (at offset {offset:#x} of the linked \
                 module), which Asyncify does not support, and can be suspended:\n{}\n  build with \
                 `panic = \"abort\"`, or with `-C llvm-args=-wasm-use-legacy-eh=true`",
                why()
            );
        }
        if let Some(local) = function.calls.reference_local {
            bail!(
                "`{name}` has a reference in local {local}, which Asyncify cannot save to memory, \
                 and can be suspended:\n{}\n  pass the reference on in a function that does not \
                 wait, or keep it in a table (`JsValue` does); if wasm-bindgen has made the \
                 function, run it after Asyncify",
                why()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Vouched;

    /// What is said of a program in which `resume` runs `entry`, which runs `demo::waits`; all
    /// else is in `text`. In place of an offset there is the opcode that is found there.
    fn refusal(text: &str) -> Option<String> {
        let wasm = wat::parse_str(format!(
            r#"(module
                (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
                (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
                (import "env" "other" (func $other (param i32)))
                (tag $exception)
                (table $functions 1 funcref)
                (type $unary (func (param i32)))
                (func $resume (call $start_rewind (i32.const 0)) (call $entry))
                (func $entry (call {WAITS}))
                (func $suspend (call $start_unwind (i32.const 0)))
                {text})"#
        ));
        let wasm = wasm.unwrap();
        let program = Program::read(&wasm).unwrap();
        let analysis = Analysis::of(&program, &Vouched::default()).unwrap();
        let message = check(&program, &analysis).err()?.to_string();
        let Some((before, rest)) = message.split_once("offset 0x") else { return Some(message) };
        let (offset, after) = rest.split_once(' ').unwrap();
        let opcode = wasm[usize::from_str_radix(offset, 16).unwrap()];
        Some(format!("{before}offset of {opcode:#x} {after}"))
    }

    /// `demo::waits`, mangled.
    const WAITS: &str = "$_ZN4demo5waits17h0123456789abcdefE";

    #[test]
    fn nothing_is_said_of_what_is_not_suspended_or_can_be() {
        assert_eq!(
            refusal(&format!(
                "(func {WAITS} (local i64 v128) (call $suspend))
                 (func $handles
                     (block $caught (try_table (catch $exception $caught) (throw $exception))))
                 (func $holds (param externref) (local funcref) (call $other (i32.const 0)))"
            )),
            None
        );
    }

    #[test]
    fn tail_calls_are_refused_wherever_they_are() {
        for (opcode, call) in [
            ("0x12", "(return_call $other (i32.const 0))"),
            ("0x13", "(return_call_indirect (type $unary) (i32.const 0) (i32.const 0))"),
        ] {
            assert_eq!(
                refusal(&format!(
                    "(func {WAITS} (call $suspend))
                     (func $_ZN4demo4tail17h0123456789abcdefE {call})"
                ))
                .unwrap(),
                format!(
                    "`demo::tail` makes a tail call (at offset of {opcode} of the linked module), \
                     and Asyncify supports none in the whole module: build without the target \
                     feature `tail-call` (`-C target-feature=+tail-call`, in RUSTFLAGS or in \
                     `.cargo/config.toml`)"
                )
            );
        }
    }

    #[test]
    fn try_table_is_refused_in_what_can_be_suspended() {
        assert_eq!(
            refusal(&format!(
                "(func {WAITS}
                     (block $caught (try_table (catch $exception $caught) (call $suspend))))"
            ))
            .unwrap(),
            "`demo::waits` handles exceptions with `try_table` (at offset of 0x1f of the linked \
             module), which Asyncify does not support, and can be suspended:\n    \
             demo::waits\n      \
             calls suspend\n  \
             build with `panic = \"abort\"`, or with `-C llvm-args=-wasm-use-legacy-eh=true`"
        );
    }

    #[test]
    fn references_are_refused_in_what_can_be_suspended() {
        for (declared, arguments) in [
            ("(local i32 externref)", ""),
            ("(param i32 funcref)", "(i32.const 0) (ref.null func)"),
        ] {
            assert_eq!(
                refusal(&format!(
                    "(func {WAITS} (call $holds {arguments}))
                     (func $holds {declared} (call $suspend))"
                ))
                .unwrap(),
                "`holds` has a reference in local 1, which Asyncify cannot save to memory, and can \
                 be suspended:\n    \
                 holds\n      \
                 calls suspend\n  \
                 pass the reference on in a function that does not wait, or keep it in a table \
                 (`JsValue` does); if wasm-bindgen has made the function, run it after Asyncify"
            );
        }
    }

    #[test]
    fn names_must_be_there() {
        let stripped = Program::read(&wat::parse_str("(module (func))").unwrap()).unwrap();
        assert_eq!(
            check_names(&stripped).unwrap_err().to_string(),
            "the module has no function names: something has stripped them before this step, \
             which needs them to tell a panic from a function that waits. Leave out what strips \
             (`wasm-strip`, `wasm-opt` without `-g`, a BYSYNCIFY_LINKER that does). `strip = \
             \"symbols\"` in the profile is fine: the linker strips when it has done its work"
        );
        let named = Program::read(&wat::parse_str("(module (func $f))").unwrap()).unwrap();
        check_names(&named).unwrap();
    }
}
