//! Bounds of small programs, whose frames are known, and longest paths in random graphs.

use super::longest::Graph;
use super::{Bound, Chain, CoroutineBound, StackBounds, Unbounded};
use crate::analysis::{Precision, Step};
use crate::options::Options;
use crate::resumption::Resumption;

/// The library's switch, and a frame of `size` bytes around `body`.
const SWITCH: &str = r#"
    (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
    (import "asyncify" "stop_unwind" (func $stop_unwind))
    (import "host" "log" (func $log))
    (type $entry (func (param i32 f32) (result i32)))
    (memory 1)
    (global $__stack_pointer (mut i32) (i32.const 1024))
    (global $bysyncify_current_core (mut i32) (i32.const 0))
    (global $bysyncify_stack_limit (mut i32) (i32.const 0))
    (global $bysyncify_stack_reserve i32 (i32.const 128))
    (func $bysyncify_set_reporter (param i32))
    (func $bysyncify_outside (param i32 i32) call $stop_unwind)
    (func $bysyncify_resume (param i32 i32 i32) (result i32)
      (drop (call_indirect (type $entry) (local.get 1) (f32.const 0) (local.get 0)))
      (call $stop_unwind) (i32.const 0))
    (func $bysyncify_suspend (call $start_unwind (i32.const 0)))"#;

/// A function with a frame of this size on the shadow stack.
fn function(name: &str, signature: &str, size: u32, body: &str) -> String {
    format!(
        "(func ${name} {signature} (local $frame i32)
           (global.set $__stack_pointer
             (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const {size}))))
           {body}
           (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const {size}))))"
    )
}

fn entry(name: &str, size: u32, body: &str) -> String {
    let text = function(name, "(type $entry)", size, body);
    format!("{} (i32.const 1))", text.strip_suffix(')').unwrap())
}

/// The bounds of a program with these functions; `table` are those whose addresses are taken.
fn bounds(
    table: &str,
    functions: &[String],
    options: &Options,
) -> (StackBounds, Vec<CoroutineBound>) {
    let functions = functions.join("\n");
    let text =
        format!("(module {SWITCH} (table 9 funcref) (elem (i32.const 1) {table}) {functions})");
    let bounds = StackBounds::find(&wat::parse_str(text).unwrap(), options).unwrap();
    let found = bounds.of_coroutines(Precision::Types);
    (bounds, found)
}

fn names(bounds: &StackBounds, steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| bounds.program().readable(step.function)).collect()
}

/// What a chain is made of, with names.
fn shown(bounds: &StackBounds, chain: &Chain) -> (u64, Vec<(String, u64)>) {
    let functions = chain.functions.iter();
    let named = functions.map(|(function, bytes)| (bounds.program().readable(*function), *bytes));
    (chain.bytes, named.collect())
}

fn owned<const N: usize>(chain: [(&str, u64); N]) -> Vec<(String, u64)> {
    chain.map(|(name, bytes)| (name.to_owned(), bytes)).into()
}

/// `entry` calls `waits`, of which is saved: a position, the frame's address, and a number. It also calls `deep`, which does
/// not wait, and of which nothing is saved.
fn program() -> [String; 3] {
    let waits = "(local.set $number (i64.load (i32.const 0)))
        (call $bysyncify_suspend) (call $bysyncify_suspend)
        (i64.store (i32.const 0) (local.get $number))";
    [
        entry("entry", 32, "(call $waits) (call $deep)"),
        function("waits", "(local $number i64)", 64, waits),
        function("deep", "", 496, "(call $log)"),
    ]
}

#[test]
fn longest_chains_of_both_kinds_are_summed() {
    for (resumption, saved_of_entry, saved_of_waits, saved_in) in [
        // A position only where there are two sites, and the address of the frame.
        (Resumption::AllAtOnce, 4, 16, 20),
        // And the number of the function: twice as much, with a link of 12 bytes for each.
        (Resumption::OneByOne, 8, 20, 2 * (28 + 2 * 12)),
    ] {
        let options = Options { resumption, ..Options::default() };
        let (bounds, found) = bounds("$entry", &program(), &options);
        let [CoroutineBound { bound: Ok(bound), .. }] = &found[..] else { panic!("{found:?}") };
        assert_eq!(shown(&bounds, &bound.shadow), (528, owned([("entry", 32), ("deep", 496)])));
        assert_eq!(
            shown(&bounds, &bound.saved),
            (
                saved_of_entry + saved_of_waits,
                owned([("entry", saved_of_entry), ("waits", saved_of_waits)])
            )
        );
        let Bound { size, saved_in: all, reserve, .. } = bound;
        assert_eq!((*all, *reserve), (saved_in, 1024), "{resumption:?}");
        assert_eq!(*size, (528 + saved_in + 1024).next_multiple_of(16));
    }
}

#[test]
fn recursion_with_a_frame_has_no_bound_and_one_without_has() {
    let again = |size| {
        [
            entry("entry", 32, "(call $even)"),
            "(func $even (call $odd))".to_owned(),
            function("odd", "", size, "(call $log) (call $even)"),
        ]
    };
    let (found_in, found) = bounds("$entry", &again(16), &Options::default());
    let [CoroutineBound { bound: Err(Unbounded::Recursion { way, cycle }), .. }] = &found[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!(names(&found_in, way), ["entry", "even", "odd"]);
    assert_eq!(names(&found_in, cycle), ["even", "odd"]);

    let (found_in, found) = bounds("$entry", &again(0), &Options::default());
    let [CoroutineBound { bound: Ok(bound), .. }] = &found[..] else { panic!("{found:?}") };
    assert_eq!(shown(&found_in, &bound.shadow), (32, owned([("entry", 32)])));
}

#[test]
fn what_cannot_be_known_is_said() {
    let computed = "(func $computed (param i32)
        (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (local.get 0))))";
    let functions = [entry("entry", 32, "(call $computed (i32.const 8))"), computed.to_owned()];
    let (found_in, found) = bounds("$entry", &functions, &Options::default());
    let [CoroutineBound { bound: Err(Unbounded::UnknownFrame(way)), .. }] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(names(&found_in, way), ["entry", "computed"]);

    let calls = "(func $calls (call_indirect (type $plain) (i32.const 1)))";
    let open = "(type $plain (func)) (export \"table\" (table 0))";
    let functions = [entry("entry", 32, "(call $calls)"), calls.to_owned(), open.to_owned()];
    let (found_in, found) = bounds("$entry", &functions, &Options::default());
    let [CoroutineBound { bound: Err(Unbounded::Others(way)), .. }] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(names(&found_in, way), ["entry", "calls"]);
}

#[test]
fn each_coroutine_has_a_bound_of_its_own() {
    let functions = [
        entry("small", 16, "(call $bysyncify_suspend)"),
        entry("large", 4096, "(call $bysyncify_suspend)"),
        entry("endless", 16, "(drop (call $endless (i32.const 0) (f32.const 0)))"),
    ];
    let (_, found) = bounds("$small $large $endless", &functions, &Options::default());
    let sizes: Vec<_> = found.iter().map(|it| it.bound.as_ref().ok().map(|it| it.size)).collect();
    // 8 bytes saved, and a link of 12, both twice.
    let size = |frame: u64| Some((frame + 40 + 1024).next_multiple_of(16));
    assert_eq!(sizes, [size(16), size(4096), None]);
}

/// The longest path by trying all. None if it is endless.
fn by_trying(edges: &[Vec<usize>], length: &[u64], path: &mut Vec<usize>) -> Option<u64> {
    let at = path[path.len() - 1];
    let mut longest = 0;
    for next in &edges[at] {
        if let Some(begin) = path.iter().position(|node| node == next) {
            if path[begin..].iter().any(|node| length[*node] > 0) {
                return None;
            }
            continue;
        }
        path.push(*next);
        let further = by_trying(edges, length, path);
        path.pop();
        longest = longest.max(further?);
    }
    Some(longest + length[at])
}

#[test]
fn longest_path_is_the_longest_of_all() {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((state >> 33) % below) as usize
    };
    let (mut endless, mut bounded_with_cycles) = (0, 0);
    for _ in 0..20_000 {
        let count = 1 + random(7);
        let mut edges = vec![Vec::new(); count];
        for _ in 0..random(2 * count as u64 + 1) {
            let [from, to] = [random(count as u64), random(count as u64)];
            edges[from].push(to);
        }
        let length: Vec<u64> = (0..count).map(|_| [0, 0, 1, 10, 100][random(5)]).collect();
        let graph = Graph::new(edges.clone());
        for from in 0..count {
            let expected = by_trying(&edges, &length, &mut vec![from]);
            let found = graph.longest(from, &length);
            assert_eq!(found.as_ref().map(|it| it.0), expected, "{from} of {edges:?} {length:?}");
            let obstacle = graph.way(from, |node| length[node] > 0 && graph.is_on_cycle(node));
            assert_eq!(obstacle.is_some(), expected.is_none(), "{from} of {edges:?} {length:?}");
            let has_cycle = graph.way(from, |node| graph.is_on_cycle(node)).is_some();
            endless += usize::from(expected.is_none());
            bounded_with_cycles += usize::from(has_cycle && expected.is_some());
            if let Some((total, path)) = found {
                assert_eq!(path.iter().map(|node| length[*node]).sum::<u64>(), total);
            }
            if let Some(way) = obstacle {
                assert_is_path(&edges, &way);
                let mut cycle = graph.cycle(way[way.len() - 1]).unwrap();
                cycle.push(cycle[0]);
                assert_is_path(&edges, &cycle);
            }
        }
    }
    assert!(endless > 10_000 && bounded_with_cycles > 1_000, "{endless}, {bounded_with_cycles}");
}

#[track_caller]
fn assert_is_path(edges: &[Vec<usize>], path: &[usize]) {
    assert!(path.windows(2).all(|pair| edges[pair[0]].contains(&pair[1])), "{path:?}");
}
