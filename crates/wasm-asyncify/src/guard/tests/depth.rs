//! Programs that run into the low end of a stack, or on a stack of their own.

use std::fmt::Write as _;

use wasmi::{Engine, Instance, Linker, Module, Store};

use super::{Guards, guard, on_stack};

const LIMIT: i32 = 0x8000;

/// How far below the limit functions without a check may get.
const RESERVE: i32 = 256;

/// How far below the limit the coroutine's memory ends.
const NEAR: i32 = 448;

/// A program in which `a` calls `b`, and so on: each function with a frame of a known or unknown size. `$lowest` is
/// the lowest stack pointer with which a function has written. If the program `is_alone`, only the switch sets the
/// pointer to anything: then the function that runs `a` counts as the switch.
fn chain(frames: &[Frame], is_alone: bool) -> String {
    let switch = if is_alone { "$bysyncify_suspend" } else { "" };
    let mut text = format!(
        r#"(module
             (memory 4)
             (global $__stack_pointer (mut i32) (i32.const 0))
             (global $bysyncify_current_core (mut i32) (i32.const 0))
             (global $bysyncify_stack_limit (mut i32) (i32.const 0))
             (global $bysyncify_stack_reserve i32 (i32.const 128))
             (global $lowest (export "lowest") (mut i32) (i32.const 0))
             (func $bysyncify_resume (param i32 i32 i32) (result i32) (i32.const 1))
             (func $bysyncify_outside (param i32 i32))
             (func $bysyncify_set_reporter (param i32))
             (func {switch} (export "run") (param $from i32) (param $limit i32)
               (global.set $lowest (local.get $from))
               (global.set $bysyncify_stack_limit (local.get $limit))
               (global.set $__stack_pointer (local.get $from))
               (call $f0))"#,
    );
    for (number, frame) in frames.iter().enumerate() {
        let call = match number + 1 {
            last if last == frames.len() => String::new(),
            next => format!("(call $f{next})"),
        };
        let (before, size, after) = match frame {
            Frame::Known(size) => ("", format!("(i32.const {size})"), call.as_str()),
            Frame::Unknown(size) => {
                ("", format!("(i32.mul (i32.const {size}) (i32.const 1))"), call.as_str())
            }
            Frame::Late(size) => (call.as_str(), format!("(i32.const {size})"), ""),
        };
        write!(
            text,
            "(func $f{number} (local $frame i32)
               {before}
               (global.set $__stack_pointer
                 (local.tee $frame (i32.sub (global.get $__stack_pointer) {size})))
               (if (i32.lt_s (local.get $frame) (global.get $lowest))
                 (then (global.set $lowest (local.get $frame))))
               {after}
               (global.set $__stack_pointer (i32.add (local.get $frame) {size})))"
        )
        .unwrap();
    }
    text + ")"
}

#[derive(Clone, Copy, Debug)]
enum Frame {
    Known(i32),
    Unknown(i32),
    /// The frame is allocated after the call.
    Late(i32),
}

/// A module with its guards.
struct Program {
    store: Store<()>,
    instance: Instance,
}

impl Program {
    fn new(frames: &[Frame], is_alone: bool) -> Self {
        let text = chain(frames, is_alone);
        let first = 4;
        let on_stack = on_stack(&text, first..first + frames.len() as u32);
        let guards = Guards { on_stack: Some(&on_stack), ..Guards::default() };
        let guarded = guard(&wat::parse_str(&text).unwrap(), &guards).unwrap();
        let engine = Engine::default();
        let module = Module::new(&engine, &guarded).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module).unwrap();
        Self { store, instance }
    }

    /// Runs the program. Returns whether it finishes, and the lowest address that was written.
    fn run(&mut self, from: i32, limit: i32) -> (bool, i32) {
        let run = self.instance.get_typed_func::<(i32, i32), ()>(&self.store, "run").unwrap();
        let has_finished = run.call(&mut self.store, (from, limit)).is_ok();
        let lowest = self.instance.get_global(&self.store, "lowest").unwrap();
        (has_finished, lowest.get(&self.store).i32().unwrap())
    }
}

#[test]
fn nobody_writes_below_the_reserve() {
    use Frame::{Known, Late, Unknown};
    let all = [
        &[Known(192), Known(320), Known(16)][..],
        &[Known(240), Known(8192), Known(240)],
        &[Known(240), Unknown(64), Known(240)],
        &[Known(240), Unknown(8192)],
        &[Known(128), Late(16), Known(64), Known(64)],
        &[Known(128), Late(8192), Known(128), Known(128)],
        &[Known(128), Known(100), Known(28), Known(1)],
        &[Known(256), Known(256), Known(256)],
        &[Known(200), Known(0x7ff0)],
    ];
    for (frames, is_alone) in all.into_iter().flat_map(|it| [(it, false), (it, true)]) {
        let mut program = Program::new(frames, is_alone);
        let needed: i32 = frames.iter().map(|(Known(it) | Unknown(it) | Late(it))| *it).sum();
        let (mut stopped, mut finished) = (0, 0);
        // How far the stack pointer begins above the limit.
        for above in (0..needed + 512).step_by(4) {
            let (has_finished, lowest) = program.run(LIMIT + above, LIMIT);
            assert!(lowest >= LIMIT - RESERVE, "{} at {above}: {frames:?}", LIMIT - lowest);
            if has_finished {
                finished += 1;
            } else {
                stopped += 1;
                assert!(above < needed, "at {above}: {frames:?}");
            }
        }
        assert!(stopped > 0 && finished > 0, "{frames:?}");
        // On the host's stack, and on another stack above the coroutine's.
        for limit in [0, LIMIT] {
            assert!(program.run(4 * LIMIT, limit).0, "limit {limit}: {frames:?}");
        }
        // And on another stack below, if there may be one.
        if !is_alone || frames.iter().any(|frame| matches!(frame, Unknown(_))) {
            assert!(program.run(LIMIT - NEAR, LIMIT).0, "{frames:?}");
        }
    }
}
