//! Random call graphs, and all that can happen on a stack there.

use std::collections::BTreeSet;

use crate::guard::chains::Chains;

const RESERVE: u64 = 40;

/// The frames and calls of a program.
#[derive(Debug, Default)]
struct Program {
    /// The frame sizes, by function. None if the function must be checked.
    frames: Vec<Option<u64>>,
    /// Caller, callee, and whether the call may come before the caller's check.
    calls: BTreeSet<(usize, usize, bool)>,
}

impl Program {
    fn random(mut random: impl FnMut(u64) -> u64) -> Self {
        let count = 1 + random(9);
        let mut program = Self::default();
        for _ in 0..count {
            // Many functions have no frame, as indirect calls have none.
            program.frames.push([Some(0), Some(8), Some(16), Some(32), None][random(5) as usize]);
        }
        for _ in 0..random(3 * count) {
            let [caller, callee] = [random(count), random(count)].map(|it| it as usize);
            program.calls.insert((caller, callee, random(4) == 0));
        }
        program
    }

    /// For each function, the depths below the limit at which it can be called, if the functions in `checked` have a
    /// check. None if a function without a check gets deeper than the reserve.
    fn depths(&self, checked: &BTreeSet<usize>) -> Option<Vec<BTreeSet<u64>>> {
        let mut found = vec![BTreeSet::new(); self.frames.len()];
        let mut waiting: Vec<(usize, u64)> = (0..self.frames.len()).map(|it| (it, 0)).collect();
        while let Some((function, depth)) = waiting.pop() {
            if !found[function].insert(depth) {
                continue;
            }
            let is_checked = checked.contains(&function);
            let own = if is_checked { 0 } else { self.frames[function]? };
            if depth + own > RESERVE {
                return None;
            }
            for (_, callee, is_early) in self.calls.iter().filter(|call| call.0 == function) {
                waiting.push((*callee, if is_checked && !is_early { 0 } else { depth + own }));
            }
        }
        Some(found)
    }
}

#[test]
fn no_chain_without_a_check_is_longer_than_the_reserve() {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below.max(1)
    };
    let (mut with_early_calls, mut spared) = (0, 0);
    for _ in 0..20_000 {
        let program = Program::random(&mut random);
        let mut chains = Chains::new(program.frames.len(), RESERVE);
        for (caller, callee, is_early) in &program.calls {
            chains.add_call(*caller, *callee, *is_early);
        }
        let nodes = 0..program.frames.len();
        for node in nodes.clone().filter(|node| program.frames[*node] != Some(0)) {
            chains.check(node);
        }
        for node in nodes.clone() {
            if let Some(frame @ 1..) = program.frames[node] {
                let is_spared = chains.uncheck(node, frame);
                assert_eq!(is_spared, !chains.is_checked(node));
                spared += u32::from(is_spared);
            }
        }
        let checked: BTreeSet<usize> = nodes.filter(|node| chains.is_checked(*node)).collect();
        let depths = program.depths(&checked).unwrap_or_else(|| panic!("{checked:?}: {program:?}"));
        // The arrivals are exactly the greatest depths, and not only within the reserve.
        let deepest: Vec<u64> = depths.iter().filter_map(|all| all.last().copied()).collect();
        assert_eq!(chains.arrivals(), deepest, "{checked:?}: {program:?}");
        with_early_calls +=
            u32::from(deepest.iter().zip(0..).any(|(d, it)| *d > 0 && checked.contains(&it)));
        // Each check is necessary.
        for node in &checked {
            let mut fewer = checked.clone();
            fewer.remove(node);
            assert_eq!(program.depths(&fewer), None, "without {node} of {checked:?}: {program:?}");
        }
    }
    assert!(spared > 10_000 && with_early_calls > 1_000, "{spared}, {with_early_calls}");
}

#[test]
fn circle_of_frames_has_a_check_and_one_without_frames_has_none() {
    let mut chains = Chains::new(4, RESERVE);
    for (caller, callee) in [(0, 1), (1, 0), (1, 2), (2, 3), (3, 2)] {
        chains.add_call(caller, callee, false);
    }
    chains.check(0);
    chains.check(1);
    assert!(chains.uncheck(0, 8));
    assert!(!chains.uncheck(1, 8));
    assert!(chains.is_checked(1));
    assert_eq!(chains.arrivals(), [0, 8, 0, 0]);
}
