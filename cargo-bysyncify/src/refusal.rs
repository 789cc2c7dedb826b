//! What Asyncify cannot do, said before anything runs.

use anyhow::{Result, bail};

use crate::analysis::{Analysis, Program, readable};

/// Refuses a module whose functions have no names.
pub(crate) fn check_names(program: &Program) -> Result<()> {
    if !program.has_names() {
        bail!(
            "the module's function names were stripped before the linker could use them: without \
             them it cannot tell a panic from a function that waits. Take `-C strip=symbols`, \
             `--strip-all` or `wasm-strip` away from the steps before this one; the linker strips \
             what the profile asks for when it has done its work"
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
                "`{name}` makes a tail call (at offset {offset:#x}), and Asyncify supports none in \
                 the whole module: build without the target feature `tail-call`"
            );
        }
    }
    for index in analysis.instrumented() {
        let function = &program.functions[index as usize];
        let name = readable(&program.symbol(index));
        let why = || analysis.chain(program, index);
        if let Some(offset) = function.calls.try_table {
            bail!(
                "`{name}` handles exceptions with `try_table` (at offset {offset:#x}), which \
                 Asyncify does not support, and can be suspended:\n{}\n  build with `panic = \
                 \"abort\"`, or with `-C llvm-args=-wasm-use-legacy-eh=true`",
                why()
            );
        }
        if let Some(local) = function.calls.reference_local {
            bail!(
                "`{name}` has a reference in local {local}, which Asyncify cannot save to memory, \
                 and can be suspended:\n{}\n  pass the reference on in a function that does not \
                 wait, or keep it in a table (`JsValue` does)",
                why()
            );
        }
    }
    Ok(())
}
