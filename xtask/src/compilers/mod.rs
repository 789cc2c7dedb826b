//! `cargo xtask test --only engine`: programs of other compilers than rustc, which the command
//! `wasm-asyncify` makes pausable.
//!
//! ```text
//!   tests/engine/… ──► a compiler ──► module ──┬─► wasm-asyncify ──┐
//!                          │                   └─► Binaryen ───────┤ all of them print
//!                          └─► the same program, never suspended ──┘ the same
//! ```
//!
//! The compilers are found on the machine, or downloaded into the cache. If one is not available, its check is
//! skipped, by name.

mod assemblyscript;
mod c;
mod driven;
mod emscripten;
mod gc;
mod legacy;
mod makers;
mod npm;
mod random;
mod zig;

use anyhow::Result;

use crate::report::Report;
use crate::steps::Steps;
use crate::workspace::Workspace;
use makers::Makers;

/// The row of the report.
const ROW: &str = "engine";

/// A check of a compiler, or of a program that was made with one.
struct Check {
    name: &'static str,
    run: fn(&Makers<'_>, &mut Steps<'_>) -> Result<()>,
}

const CHECKS: [Check; 8] = [
    Check { name: "C", run: c::check },
    Check { name: "Emscripten", run: emscripten::check },
    Check { name: "AssemblyScript", run: assemblyscript::check },
    Check { name: "Zig", run: zig::check },
    Check { name: "GC", run: gc::check },
    Check { name: "legacy", run: legacy::check },
    Check { name: "npm", run: npm::check },
    Check { name: "Random", run: random::check },
];

/// Runs the checks with this in their names, or all.
pub(crate) fn run(workspace: &Workspace, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let makers = Makers::prepare(workspace)?;
    let filter = filter.unwrap_or_default();
    for check in CHECKS.iter().filter(|check| check.name.contains(filter)) {
        let mut steps = Steps::new(ROW, check.name, report);
        if let Err(error) = (check.run)(&makers, &mut steps) {
            steps.fail(&error);
        }
    }
    Ok(())
}
