//! How much stack a function needs at most, with all that it calls.
//!
//! That is known if no frame in there is of unknown size, nobody is called indirectly, and nobody
//! calls himself:
//!
//! ```text
//!   bound(f) = frame(f) + max(bound(g) for g that f calls)
//! ```
//!
//! Nothing is needed for whoever leaves the coroutine's stack: the host, the switch, a panic. The
//! bytes below the stack pointer that LLVM uses without moving it are not counted.

use wasmparser::Operator;

use super::facts::Facts;
use super::frames::{self, Frame};
use crate::error::Result;

/// What is known of one function.
#[derive(Clone, Debug, Default)]
pub(super) struct Need {
    /// What it does itself.
    pub(super) frame: Frame,
    calls: Vec<u32>,
    calls_indirectly: bool,
    /// In bytes; `None` if it is not known.
    pub(super) bound: Option<u64>,
}

/// By function index. `leaves` says who leaves the stack, and needs nothing.
pub(super) fn needs(
    facts: &Facts<'_>,
    stack_pointer: u32,
    leaves: impl Fn(u32) -> bool,
) -> Result<Vec<Need>> {
    let mut needs = Vec::with_capacity(facts.module.signatures.len());
    for (index, _) in (0..).zip(&facts.module.signatures) {
        needs.push(read(facts, index, stack_pointer)?);
    }
    bound(&mut needs, leaves);
    Ok(needs)
}

fn read(facts: &Facts<'_>, function: u32, stack_pointer: u32) -> Result<Need> {
    let Some(body) = facts.module.body(function) else { return Ok(Need::default()) };
    let (_, parameters) = facts.module.signature(function)?;
    let mut need =
        Need { frame: frames::read(body, parameters, stack_pointer)?, ..Need::default() };
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                need.calls.push(function_index);
            }
            Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => need.calls_indirectly = true,
            _ => {}
        }
    }
    Ok(need)
}

/// Goes from whom nobody is called by to their callers. Who is in a circle is never arrived at.
fn bound(needs: &mut [Need], leaves: impl Fn(u32) -> bool) {
    let mut callers = vec![Vec::new(); needs.len()];
    let mut missing: Vec<usize> = Vec::with_capacity(needs.len());
    let mut ready = Vec::new();
    for (index, need) in (0..).zip(needs.iter()) {
        if leaves(index) {
            missing.push(0);
            ready.push(index);
            continue;
        }
        for callee in &need.calls {
            callers[*callee as usize].push(index);
        }
        missing.push(need.calls.len());
        if need.calls.is_empty() {
            ready.push(index);
        }
    }
    while let Some(index) = ready.pop() {
        let at = index as usize;
        let need = &needs[at];
        let bound = if leaves(index) {
            Some(0)
        } else {
            let deepest =
                |deepest: u64, callee: &u32| Some(deepest.max(needs[*callee as usize].bound?));
            let below = need.calls.iter().try_fold(0, deepest).filter(|_| !need.calls_indirectly);
            below.zip(need.frame.size).map(|(below, size)| below + size)
        };
        needs[at].bound = bound;
        for caller in &callers[at] {
            let missing = &mut missing[*caller as usize];
            *missing -= 1;
            if *missing == 0 {
                ready.push(*caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_is_that_of_the_deepest_way_down() {
        let need = |size, calls: &[u32], calls_indirectly| Need {
            frame: Frame { size, lowers: Vec::new() },
            calls: calls.to_vec(),
            calls_indirectly,
            bound: None,
        };
        let mut needs = [
            need(Some(16), &[1, 2, 1], false),
            need(Some(32), &[], false),
            need(Some(8), &[3], false),
            need(Some(48), &[], false),
            // A circle, and who gets into it.
            need(Some(1), &[5], false),
            need(Some(1), &[4], false),
            need(Some(1), &[1, 4], false),
            // It calls itself.
            need(Some(1), &[7], false),
            need(Some(1), &[], true),
            need(None, &[], false),
            need(Some(1), &[9], false),
            // A panic, by way of a function of which nothing is known.
            need(None, &[8], true),
            need(Some(16), &[11], false),
        ];
        bound(&mut needs, |function| function == 11);
        let bounds: Vec<_> = needs.iter().map(|need| need.bound).collect();
        let expected = [
            Some(72),
            Some(32),
            Some(56),
            Some(48),
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            Some(0),
            Some(16),
        ];
        assert_eq!(bounds, expected);
    }
}
