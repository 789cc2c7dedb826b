//! The tests of a program that runs anywhere. This one file is run by
//!
//! ```sh
//! cargo test                                                  # natively
//! cargo bysyncify test                                        # in Node
//! WASM_BINDGEN_USE_BROWSER=1 cargo bysyncify test             # in a browser, by a webdriver
//! cargo bysyncify test --target wasm32-wasip1                 # under Node's WASI
//! CARGO_TARGET_WASM32_WASIP1_RUNNER=wasmtime \
//!     cargo test --target wasm32-wasip1                       # under another one
//! ```

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, CoroutineState, Generator, dump};
use everywhere_one_source::{Lines, evaluate};

// Runs the tests where `main` has no output, for example in a browser.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_recursion_waits_at_each_depth() {
    let lines = Lines::default();
    let read = lines.clone();
    let mut sum = Coroutine::with_default_stack(move |_| evaluate(&read));
    for word in ["+", "2", "*", "3"] {
        assert_eq!(poll(&mut sum), Poll::Pending);
        lines.add(word);
    }
    assert_eq!(poll(&mut sum), Poll::Pending);
    lines.add("4");
    assert_eq!(poll(&mut sum), Poll::Ready(14));
}

#[test]
fn two_wait_for_each_other_and_a_dump_tells_where() {
    let [to_a, to_b] = [Lines::default(), Lines::default()];
    let (a_reads, b_reads, a_writes, b_writes) = (to_a.clone(), to_b.clone(), to_b, to_a.clone());
    let mut a = Coroutine::with_default_stack(move |_| {
        let number = evaluate(&a_reads);
        a_writes.add(&(number + 1).to_string());
        evaluate(&a_reads)
    })
    .named("a");
    let mut b = Coroutine::with_default_stack(move |_| {
        let number = evaluate(&b_reads);
        b_writes.add(&(number * 2).to_string());
        number
    })
    .named("b");
    assert!(poll(&mut a).is_pending() && poll(&mut b).is_pending());
    let told = dump();
    let states: Vec<_> = told.coroutines().iter().map(|it| (it.name(), it.state())).collect();
    assert_eq!(states, [("a", CoroutineState::Waiting), ("b", CoroutineState::Waiting)]);
    for coroutine in told.coroutines() {
        let frames = coroutine.backtrace().frames();
        assert!(!frames.is_empty(), "{told}");
        // Optimised programs have numbers in place of names, unless the build asks for names.
        if cfg!(debug_assertions) {
            let names: Vec<_> = frames.iter().map(|frame| frame.name()).collect();
            assert!(names[0].ends_with("Lines::read"), "{told}");
            assert!(names[1].ends_with("evaluate"), "{told}");
        }
    }
    to_a.add("20");
    assert!(poll(&mut a).is_pending());
    assert_eq!(poll(&mut b), Poll::Ready(21));
    assert_eq!(poll(&mut a), Poll::Ready(42));
    assert!(dump().coroutines().is_empty());
}

#[test]
fn what_calls_back_is_asked() {
    fn count(depth: u32, tell: &mut dyn FnMut(u32)) {
        if depth > 0 {
            count(depth - 1, tell);
            tell(depth);
            count(depth - 1, tell);
        }
    }
    let numbers = Generator::with_default_stack(|yielder| {
        count(3, &mut |number| {
            let _ = yielder.try_yield(number);
        });
    });
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 2, 1, 3, 1, 2, 1]);
}

#[test]
fn many_at_once() {
    let lines: Vec<_> = (0..100).map(|_| Lines::default()).collect();
    let evaluates = |lines: &Lines| {
        let lines = lines.clone();
        Coroutine::with_default_stack(move |_| evaluate(&lines))
    };
    let mut all: Vec<_> = lines.iter().map(evaluates).collect();
    for word in ["+", "1"] {
        assert!(all.iter_mut().all(|it| poll(it).is_pending()));
        lines.iter().for_each(|lines| lines.add(word));
    }
    assert!(all.iter_mut().all(|it| poll(it).is_pending()));
    for (number, lines) in lines.iter().enumerate() {
        lines.add(&number.to_string());
    }
    let sums: Vec<_> = all.iter_mut().map(poll).collect();
    assert_eq!(sums, (1..=100).map(Poll::Ready).collect::<Vec<_>>());
}
