//! Backtraces of suspended stacks.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::mem::MaybeUninit;
use std::rc::Rc;
use std::task::Poll;

use bysyncify::raw::RawCoroutine;
use bysyncify::{Backtrace, BacktraceStatus, Coroutine, Generator, embed};
use guest_support::{after_polls, is_checked, is_stack_checked, poll_once, tests};

/// Whether the module was made by our linker, or this is a native program whose stacks can be read.
fn is_known() -> bool {
    if cfg!(target_family = "wasm") { is_stack_checked() } else { !cfg!(bysyncify_threads) }
}

/// Whether functions have names.
fn has_names() -> bool {
    if cfg!(target_family = "wasm") { is_checked() } else { cfg!(debug_assertions) && is_known() }
}

#[inline(never)]
fn inner(polls: usize) -> u32 {
    let before = embed(after_polls(polls, 1)); // the inner wait
    before + std::hint::black_box(1)
}

#[inline(never)]
fn outer(call: &dyn Fn() -> u32) -> u32 {
    let mut sum = 0;
    for _ in 0..2 {
        sum += call(); // the call through a table
    }
    sum
}

/// The number of the line in this file that ends with this comment.
fn line(comment: &str) -> u32 {
    let found = include_str!("backtraces.rs").lines().position(|line| line.ends_with(comment));
    found.expect("such a line") as u32 + 1
}

/// The functions of this file, the innermost first: each by the last part of its name.
fn shown(trace: &Backtrace) -> Vec<&str> {
    let ours = trace.frames().iter().filter_map(|frame| frame.name().rsplit_once("backtraces::"));
    ours.map(|(_, name)| name.split([':', '{', '<', '>']).next().unwrap_or_default()).collect()
}

/// Asserts that a trace shows `inner`, called in a closure of `outer`, of this test. `call` is the line of the
/// closure.
#[track_caller]
fn assert_whole(trace: &Backtrace, test: &str, call: u32) {
    if !is_known() {
        assert_eq!(trace.status(), BacktraceStatus::Unsupported);
        assert_eq!(trace.frames(), []);
        assert_eq!(trace.to_string(), "its stack is not known");
        return;
    }
    assert_eq!(trace.status(), BacktraceStatus::Captured);
    if !has_names() {
        assert!(!trace.frames().is_empty());
        return;
    }
    let shown = shown(trace);
    assert_eq!(shown[..2], ["inner", test], "{trace}");
    // The caller of the closure may have its own frame in between.
    assert!(shown.contains(&"outer"), "{trace}");
    // The trace shows neither the code of the wait, nor the start of the coroutine, nor the code that reads the
    // trace.
    let ends = [trace.frames().first(), trace.frames().last()];
    assert!(ends.iter().all(|frame| frame.unwrap().name().contains("backtraces::")), "{trace}");
    assert!(!trace.frames().iter().any(|frame| frame.name().starts_with("bysyncify::")), "{trace}");
    // The harness builds modules without DWARF. `examples/goroutines` tests that they have lines otherwise.
    if cfg!(target_family = "wasm") {
        return;
    }
    let lines = |name| {
        let found = trace.frames().iter().zip(&shown).find(|(_, shown)| **shown == name);
        found.and_then(|(frame, _)| frame.line())
    };
    assert_eq!(lines("inner"), Some(line("// the inner wait")), "{trace}");
    assert_eq!(lines(test), Some(call), "{trace}");
    assert_eq!(lines("outer"), Some(line("// the call through a table")), "{trace}");
    assert!(trace.frames().iter().all(|frame| frame.file().unwrap().ends_with(".rs")), "{trace}");
}

tests! {
    fn a_trace_of_a_suspended_coroutine() {
        let mut coroutine = Coroutine::new(65536, |_| outer(&|| 1 + inner(2))); // here
        assert_eq!(coroutine.backtrace().status(), BacktraceStatus::NotSuspended);
        for _ in 0..4 {
            assert_eq!(poll_once(&mut coroutine), Poll::Pending);
            for _ in 0..2 {
                assert_whole(&coroutine.backtrace(), "a_trace_of_a_suspended_coroutine", line("// here"));
            }
        }
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(6));
        assert_eq!(coroutine.backtrace().status(), BacktraceStatus::NotSuspended);
        assert_eq!(coroutine.backtrace().to_string(), "it is not suspended");
    }

    fn a_trace_after_some_frames_were_taken_again() {
        // When functions are resumed one by one, the callers of a function that has returned keep their frames, and
        // the next wait has its own segment.
        let mut coroutine = Coroutine::new(65536, |_| {
            outer(&|| outer(&|| inner(1) + embed(after_polls(1, 0)))); // the segments
        });
        let mut shown_last = Vec::new();
        while poll_once(&mut coroutine).is_pending() {
            let trace = coroutine.backtrace();
            assert_eq!(trace.status() == BacktraceStatus::Captured, is_known());
            if has_names() {
                let all = shown(&trace);
                assert_eq!(all.iter().filter(|name| **name == "outer").count(), 2, "{trace}");
                shown_last.push(all[0] == "inner");
            }
        }
        let expected = if has_names() { [true, false].repeat(4) } else { Vec::new() };
        assert_eq!(shown_last, expected);
    }

    fn a_trace_of_who_polls_it_or_is_polled_by_it() {
        // A coroutine that waits for another one is suspended in that wait. Running code cannot ask for its own
        // backtrace.
        let mut inside = Box::pin(Coroutine::new(65536, |_| outer(&|| inner(1))));
        let seen = Rc::new(RefCell::new(Vec::new()));
        let told = seen.clone();
        let mut around = Coroutine::new(65536, move |handle| {
            handle.embed(poll_fn(move |cx| {
                let poll = inside.as_mut().poll(cx);
                told.borrow_mut().push(inside.backtrace().status());
                poll
            }))
        });
        while poll_once(&mut around).is_pending() {
            assert_eq!(around.backtrace().status() == BacktraceStatus::Captured, is_known());
        }
        let suspended = if is_known() { BacktraceStatus::Captured } else { BacktraceStatus::Unsupported };
        assert_eq!(*seen.borrow(), [suspended, suspended, BacktraceStatus::NotSuspended]);
    }

    fn a_trace_of_generators_and_in_memory_of_ones_own() {
        let mut numbers = Generator::new(65536, |yielder| (0..2).for_each(|it| yielder.yield_(it)));
        assert_eq!(numbers.backtrace().status(), BacktraceStatus::NotSuspended);
        assert_eq!(numbers.next(), Some(0));
        assert_eq!(numbers.backtrace().status() == BacktraceStatus::Captured, is_known());
        assert_eq!(numbers.next(), Some(1));
        assert_eq!(numbers.next(), None);
        assert_eq!(numbers.backtrace().status(), BacktraceStatus::NotSuspended);
        let memory = vec![MaybeUninit::uninit(); 65536].leak();
        let mut coroutine = RawCoroutine::new(memory, |_| outer(&|| 1 + inner(1))); // in memory
        assert_eq!(poll_once(&mut coroutine), Poll::Pending);
        assert_whole(&coroutine.backtrace(), "a_trace_of_generators_and_in_memory_of_ones_own", line("// in memory"));
        // Asking wakes nothing, and a cancelled coroutine has no backtrace any more.
        coroutine.cancel();
        assert_eq!(coroutine.backtrace().status(), BacktraceStatus::NotSuspended);
    }
}
