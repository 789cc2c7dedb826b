//! Warnings about programs that can be built, but may misbehave.
//!
//! A coroutine can block the thread. `std::thread::park` returns at once where there are no other threads, and code
//! that waits with it polls for ever: `block_on` of `futures`, `recv` of std's channels. In a coroutine the program
//! most likely should use `embed`.
//!
//! And the start function can be suspended, but no code can call it again.

use crate::analysis::{Analysis, NoSuspend, Precision, Program, blocking, parks as std_parks};
use crate::error::Result;
use crate::module::{AsyncifyInfo, FunctionIndex};

/// The warnings for a linked module, which still has its relocations.
///
/// # Errors
///
/// If the module cannot be read.
pub fn find(linked: &[u8], no_suspend: &NoSuspend) -> Result<Vec<String>> {
    // Reading a program takes long, so this test comes first.
    if can_park(linked)? || !mentions(linked, &["park", "mpmc"]) {
        return Ok(Vec::new());
    }
    let program = Program::read(linked)?;
    // The precise analysis, though it is not sound: with types alone almost everything is reachable, and a wrong
    // warning is worse than none.
    let analysis = Analysis::new(&program, no_suspend, Precision::Slots)?;
    let reached = blocking(&program).into_iter().filter(|index| analysis.is_reached(*index));
    let nearest = reached.min_by_key(|index| analysis.way_from_resume(*index).len());
    Ok(nearest.map(|function| of_park(&program, &analysis, function)).into_iter().collect())
}

/// A warning if the start function can be suspended, and is not exported.
pub(crate) fn of_start(program: &Program, analysis: &Analysis) -> Option<String> {
    let start = program.start.filter(|start| analysis.is_instrumented(*start))?;
    if program.exports.iter().any(|(_, exported)| *exported == start) {
        return None;
    }
    Some(format!(
        "`{}` runs when an instance of the module is made, and can be suspended. Then nobody can call it again, which \
         is how it would go on. Have it exported, and call it when there is an instance:\n{}",
        program.readable(start),
        analysis.chain(program, start)
    ))
}

/// The functions that would block the thread. None if there are other threads.
///
/// # Errors
///
/// If the module cannot be read.
pub fn parks(linked: &[u8], program: &Program) -> Result<Vec<FunctionIndex>> {
    Ok(if can_park(linked)? { Vec::new() } else { std_parks(program) })
}

/// Whether a thread can block: that is, whether there are other threads.
fn can_park(linked: &[u8]) -> Result<bool> {
    Ok(AsyncifyInfo::read(linked)?.features.iter().any(|feature| feature == "atomics"))
}

fn of_park(program: &Program, analysis: &Analysis, function: FunctionIndex) -> String {
    let way = analysis.down_to(function);
    // It begins with the switch, which is no useful information.
    let calls = way.iter().skip(1).map(|step| format!("    {}", analysis.call(program, *step)));
    format!(
        "a coroutine can get to `{}`, which cannot stop the only thread there is: what waits in it \
         spins for ever. Wait with `embed`: `embed(future)` in place of `block_on(future)`, an async \
         channel in place of std's. A coroutine\n{}",
        program.readable(function).replace("::functions::", "::"),
        calls.collect::<Vec<_>>().join("\n")
    )
}

/// Whether any of these words is somewhere in a module, for instance in a name.
fn mentions(module: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| module.windows(word.len()).any(|bytes| bytes == word.as_bytes()))
}
