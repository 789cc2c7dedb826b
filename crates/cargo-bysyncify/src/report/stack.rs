//! How much stack is enough for each kind of coroutine, or why that is not known.

use anyhow::Result;
use wasm_asyncify::analysis::{Precision, Program, Step};
use wasm_asyncify::module::FunctionIndex;
use wasm_asyncify::stack_bounds::{Bound, Chain, CoroutineBound, StackBounds, Unbounded};

use super::numbers::grouped;
use crate::pipeline::Recipe;
use crate::wording::Worded as _;

/// What a bound assumes that is not proved.
const ASSUMED: &str =
    ", if nothing but vtables looks like one (--bysyncify-precise assumes the same)";

/// Writes what is known of the coroutines of a linked module.
pub(super) fn stack(name: &str, linked: &[u8], recipe: &Recipe) -> Result<String> {
    // The proof takes time, and the linker has made it if it was wanted.
    let options = wasm_asyncify::Options { verify: false, ..recipe.transform() };
    let bounds = StackBounds::find(linked, &options).worded()?;
    let proved = bounds.of_coroutines(Precision::Types);
    let assumed = bounds.of_coroutines(Precision::Slots);
    let count = match proved.len() {
        1 => "1 kind of coroutine".to_owned(),
        count => format!("{} kinds of coroutines", grouped(count as u64)),
    };
    let mut lines = vec![format!("{name}: {count}")];
    for CoroutineBound { function, bound, .. } in &proved {
        let program = bounds.program();
        lines.extend([String::new(), program.readable(*function)]);
        // Fewer calls are possible with the assumption, so it is of the same functions or fewer.
        let other = assumed.iter().find(|it| it.function == *function).map(|it| &it.bound);
        match (bound, other) {
            (Ok(bound), _) => lines.extend(enough(program, bound, "")),
            (Err(_), Some(Ok(bound))) => lines.extend(enough(program, bound, ASSUMED)),
            (Err(_), Some(Err(why))) | (Err(why), None) => lines.extend(unknown(program, why)),
        }
    }
    Ok(lines.join("\n") + "\n")
}

fn enough(program: &Program, bound: &Bound, assumed: &str) -> Vec<String> {
    let Bound { size, shadow, saved, saved_in, reserve, .. } = bound;
    let mut lines = vec![format!("  a stack of {} bytes is enough{assumed}:", grouped(*size))];
    lines.push(sum(shadow.bytes, "on the shadow stack"));
    lines.extend(chain(program, shadow));
    lines.push(match saved_in == &saved.bytes {
        true => sum(*saved_in, "in frames that are saved while it waits"),
        false => {
            let live = grouped(saved.bytes);
            sum(*saved_in, &format!("for saved frames, of which at most {live} are in use at once"))
        }
    });
    lines.extend(chain(program, saved));
    lines.push(sum(*reserve, "that must be free"));
    lines
}

fn sum(bytes: u64, what: &str) -> String {
    format!("{:>10} {what}", grouped(bytes))
}

fn chain(program: &Program, chain: &Chain) -> impl Iterator<Item = String> {
    let line = |(function, bytes): &(FunctionIndex, u64)| {
        format!("{:>16}  {}", grouped(*bytes), program.readable(*function))
    };
    chain.functions.iter().map(line)
}

fn unknown(program: &Program, why: &Unbounded) -> Vec<String> {
    let (reason, way, cycle) = match why {
        Unbounded::Recursion { way, cycle } => {
            ("it is recursive, from > to >", way, cycle.as_slice())
        }
        Unbounded::UnknownFrame(way) => {
            ("the last function moves the stack pointer by what it computes", way, &[][..])
        }
        Unbounded::Others(way) => {
            ("the last function may call code outside of the module", way, &[][..])
        }
        _ => return vec!["  no bound is known".to_owned()],
    };
    let steps: Vec<&Step> = way.iter().chain(cycle).collect();
    let mut lines = vec![format!("  no bound is known: {reason}"), String::new()];
    for (at, step) in steps.iter().enumerate() {
        let is_end = at + 1 == way.len() || at + 1 == steps.len();
        let mark = if is_end && !cycle.is_empty() { '>' } else { ' ' };
        lines.push(match at {
            0 => format!("  {mark} {}", program.readable(step.function)),
            _ => format!("  {mark}   {}", program.call(**step)),
        });
    }
    lines
}

#[cfg(test)]
mod tests;
