//! Where functions check for room, if they do so later than they allocate the frame.

use std::fmt::Write as _;

use wasmi::{Engine, Instance, Linker, Module, Store};
use wasmparser::{Parser, Payload};

use super::{Guards, guard, on_stack};
use crate::guard::later;
use crate::module::GlobalIndex;

const DOWN: &str = "global.get $sp i32.const 48 i32.sub local.tee $fp global.set $sp ";
const UP: &str = "local.get $fp i32.const 48 i32.add global.set $sp ";

/// The numbers of the instructions with a check before them, counted from 0 after `DOWN`; in a function with one
/// parameter.
fn checks(code: &str) -> Option<Vec<usize>> {
    let text = format!(
        "(module
           (tag $tag)
           (global $sp (mut i32) (i32.const 0))
           (func $f (param $n i32) (local $fp i32) {DOWN} {code}))"
    );
    let wasm = wat::parse_str(text).unwrap();
    let body = Parser::new(0).parse_all(&wasm).find_map(|payload| match payload.unwrap() {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    let found = later::find(&body.unwrap(), GlobalIndex(0)).unwrap();
    found.map(|later| later.before.into_iter().map(|number| number - 5).collect())
}

#[test]
fn what_needs_no_frame_does_without_a_check() {
    let fast = "local.get $n br_if 0 ";
    for (code, expected) in [
        // A call, the frame's address, and the stack pointer itself.
        (format!("(block {fast} local.get $n call $f) {UP}"), Some(vec![4])),
        (format!("(block {fast} local.get $fp drop) {UP}"), Some(vec![3])),
        (format!("(block {fast} global.get $sp drop) {UP}"), Some(vec![3])),
        // Once on each path.
        (format!("(block {fast} local.get $fp drop local.get $n call $f) {UP}"), Some(vec![3])),
        (
            format!(
                "(block (block {fast} local.get $n br_if 1 local.get $fp drop) local.get $n call $f) {UP}"
            ),
            Some(vec![6, 10]),
        ),
        // Before a loop, and before an instruction that may throw.
        (format!("(block {fast} (loop local.get $n call $f br 0)) {UP}"), Some(vec![3])),
        (format!("(block {fast} (loop local.get $n br_if 0)) {UP}"), Some(vec![])),
        (format!("(block {fast} try local.get $n call $f catch_all end) {UP}"), Some(vec![3])),
        (format!("(block {fast} throw $tag) {UP}"), Some(vec![3])),
        // In the branch of an `if` with an `else`.
        (format!("local.get $n (if (then local.get $n call $f) (else nop)) {UP}"), Some(vec![3])),
        // Always needed.
        (format!("local.get $n call $f {UP}"), None),
        (format!("(block {fast} unreachable) local.get $n call $f {UP}"), None),
        // Another function begins where the frame was.
        (format!("(block {fast} local.get $n call $f) {UP} local.get $n call $f"), None),
        // The frame's address is copied elsewhere.
        (format!("local.get $fp local.set $n (block {fast} local.get $n call $f) {UP}"), None),
        (format!("(block {fast} local.get $n call $f) {UP} local.get $n local.set $fp"), None),
    ] {
        assert_eq!(checks(&code), expected, "{code}");
    }
}

#[test]
fn many_ways_have_a_check_each_where_they_begin() {
    let ways = |count: usize| {
        let mut code = format!("block {} local.get $n br_table ", "block ".repeat(count));
        (0..=count).for_each(|target| write!(code, "{target} ").unwrap());
        for way in 0..count {
            let call = "local.get $n (if (then local.get $n call $f)) ";
            write!(code, "end {call} {call} br {} ", count - way - 1).unwrap();
        }
        checks(&format!("{code} end {UP}")).map(|checks| checks.len())
    };
    assert_eq!(ways(2), Some(4), "one for each call");
    assert_eq!(ways(12), Some(12), "one for each way");
    assert_eq!(ways(13), None);
}

/// A program: the function `f0` is random, and calls itself and `f1`, which has no check. `$lowest` is the lowest
/// address that was written.
fn program(seed: u64) -> String {
    let mut random = Random(seed);
    let mut body = String::new();
    statements(&mut random, 0, 0, &mut body);
    let bit = "(global.set $now (i32.and (global.get $bits) (i32.const 1)))
               (global.set $bits (i32.shr_u (global.get $bits) (i32.const 1)))";
    let body = body.replace("BIT", bit).replace(
        "USE",
        "(if (i32.lt_s (local.get $frame) (global.get $lowest))
           (then (global.set $lowest (local.get $frame))))",
    );
    let up = |size| {
        format!("(global.set $__stack_pointer (i32.add (local.get $frame) (i32.const {size})))")
    };
    // Every other program has no other stacks: only the switch sets the pointer.
    let switch = if seed.is_multiple_of(2) { "$bysyncify_suspend" } else { "" };
    let body = body.replace("LEAVE", &format!("{} return", up(32)));
    format!(
        r#"(module
             (memory 4)
             (global $__stack_pointer (mut i32) (i32.const 0))
             (global $bysyncify_current_core (mut i32) (i32.const 0))
             (global $bysyncify_stack_limit (mut i32) (i32.const 0))
             (global $bysyncify_stack_reserve i32 (i32.const 128))
             (global $lowest (export "lowest") (mut i32) (i32.const 0))
             (global $bits (mut i32) (i32.const 0))
             (global $now (mut i32) (i32.const 0))
             (func $bysyncify_resume (param i32 i32 i32) (result i32) (i32.const 1))
             (func $bysyncify_outside (param i32 i32))
             (func $bysyncify_set_reporter (param i32))
             (func {switch} (export "run") (param $from i32) (param $bits i32)
               (global.set $lowest (local.get $from))
               (global.set $bits (local.get $bits))
               (global.set $bysyncify_stack_limit (i32.const {LIMIT}))
               (global.set $__stack_pointer (local.get $from))
               (call $f0))
             (func $f0 (local $frame i32)
               (global.set $__stack_pointer (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 32))))
               {body}
               {})
             (func $f1 (local $frame i32)
               (global.set $__stack_pointer (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 240))))
               (if (i32.lt_s (local.get $frame) (global.get $lowest))
                 (then (global.set $lowest (local.get $frame))))
               {}))"#,
        up(32),
        up(240),
    )
}

const LIMIT: i32 = 0x8000;

/// Writes statements within `open` blocks. Each condition takes the next of `$bits`.
fn statements(random: &mut Random, open: u64, depth: u32, text: &mut String) {
    for _ in 0..random.below(4) + 1 {
        match random.below(if depth < 5 { 11 } else { 6 }) {
            0 => text.push_str("USE "),
            1 => text.push_str("(call $f1) "),
            2 => text.push_str("BIT global.get $now (if (then (call $f0))) "),
            3 if open > 0 => {
                let _ = write!(text, "BIT (br_if {} (global.get $now)) ", random.below(open));
            }
            4 => text.push_str("BIT global.get $now (if (then LEAVE)) "),
            3 | 5 => text.push_str("nop "),
            6 => {
                text.push_str("BIT global.get $now if ");
                statements(random, open + 1, depth + 1, text);
                if random.below(2) == 0 {
                    text.push_str("else ");
                    statements(random, open + 1, depth + 1, text);
                }
                text.push_str("end ");
            }
            7 => {
                // The loop ends when there are no more bits.
                text.push_str("loop ");
                text.push_str("block ");
                statements(random, 1, depth + 1, text);
                text.push_str("end BIT (br_if 0 (global.get $now)) end ");
            }
            8 | 9 => {
                let first = random.below(open + 1);
                text.push_str("block block BIT global.get $now ");
                let _ = write!(text, "br_table {first} 1 end ");
                statements(random, open + 1, depth + 1, text);
                text.push_str("end ");
            }
            _ => {
                text.push_str("block ");
                statements(random, open + 1, depth + 1, text);
                text.push_str("end ");
            }
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Runs the program. Returns whether it finishes, and the lowest address that was written.
fn run(wasm: &[u8], from: i32, bits: i32) -> (bool, i32) {
    let engine = Engine::default();
    let module = Module::new(&engine, wasm).unwrap();
    let mut store = Store::new(&engine, ());
    let instance: Instance =
        Linker::new(&engine).instantiate_and_start(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(i32, i32), ()>(&store, "run").unwrap();
    let has_finished = run.call(&mut store, (from, bits)).is_ok();
    let lowest = instance.get_global(&store, "lowest").unwrap();
    (has_finished, lowest.get(&store).i32().unwrap())
}

#[test]
fn random_ways_never_write_below_the_reserve() {
    let (mut later, mut stopped, mut without) = (0, 0, 0);
    for seed in 0..400 {
        let text = program(seed);
        let wasm = wat::parse_str(&text).unwrap();
        let on_stack = on_stack(&text, [4, 5]);
        let guards = Guards { on_stack: Some(&on_stack), ..Guards::default() };
        let guarded = guard(&wasm, &guards).unwrap();
        let mut body =
            Parser::new(0).parse_all(&wasm).filter_map(|payload| match payload.unwrap() {
                Payload::CodeSectionEntry(body) => Some(body),
                _ => None,
            });
        later += usize::from(later::find(&body.nth(4).unwrap(), GlobalIndex(0)).unwrap().is_some());
        let mut random = Random(!seed);
        for above in [0, 16, 31, 32, 48, 64, 1024] {
            let bits = random.below(1 << 16) as i32;
            let (finishes, needed) = run(&wasm, LIMIT + above, bits);
            let (has_finished, lowest) = run(&guarded, LIMIT + above, bits);
            let what = format!("seed {seed}, {above} above, bits {bits:#x}: {text}");
            assert!(finishes, "{what}");
            if has_finished {
                // The frame of `f1` is within the reserve.
                assert!(lowest >= LIMIT - 240, "{} below: {what}", LIMIT - lowest);
                assert_eq!(lowest, needed, "{what}");
                without += usize::from(above < 32);
            } else {
                stopped += 1;
                // There are 17 calls of `f0` at most, one for each bit.
                assert!(above < 17 * 32, "{what}");
            }
        }
    }
    assert!(later > 40 && stopped > 300 && without > 40, "{later} {stopped} {without}");
}
