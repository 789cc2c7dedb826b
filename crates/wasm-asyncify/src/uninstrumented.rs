//! Finds the functions that are not instrumented, and that a debug build therefore checks.

use crate::analysis::{Analysis, Barrier, Program};
use crate::module::FunctionIndex;

/// Returns the functions that are not instrumented but could be on a coroutine's stack when it is suspended, if the
/// analysis or the user were wrong. Each has a remark for the message. `sound` is the analysis without assumptions.
pub(crate) fn find(
    program: &Program,
    analysis: &Analysis,
    sound: &Analysis,
) -> Vec<(FunctionIndex, String)> {
    let functions = program.functions.iter().filter(|(_, function)| function.import.is_none());
    let others = functions
        .map(|(index, _)| index)
        .filter(|index| !analysis.is_instrumented(*index) && !analysis.is_switch(*index));
    let behind_no_suspend = sound.behind_no_suspend(program);
    let remarked = others.filter_map(|index| {
        let remark = match analysis.barrier(index) {
            Some(Barrier::Panic | Barrier::Initialiser) => return None,
            Some(Barrier::NoSuspend(path)) => format!(" (`{path}` is assumed not to suspend)"),
            None if sound.is_reached(index) => String::new(),
            None if behind_no_suspend.contains(&index) && sound.can_suspend(index) => {
                " (called by what is assumed not to suspend)".to_owned()
            }
            // According to the analysis, no coroutine reaches it. If it cannot suspend either, the analysis would have
            // to be wrong twice.
            None if sound.can_suspend(index) => String::new(),
            None => return None,
        };
        Some((index, remark))
    });
    remarked.collect()
}
