//! Native stacks that overflow, and code that runs on another stack than its coroutine's.
//!
//! Code that ends the program runs in its own process.

use std::env;
use std::future::{pending, poll_fn};
use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, DEFAULT_STACK_SIZE, Generator, embed, stack_left};
use corosensei::on_stack;
use corosensei::stack::DefaultStack;
use guest_support::{expect_trap, tests};

#[cfg(not(is_sanitized))]
const ON_ANOTHER_STACK: &str = "cannot wait on a stack that is not the coroutine's own: code \
    between the coroutine and here has switched to another (`stacker` does)";

const IS_CHILD: &str = "BYSYNCIFY_NATIVE_CHILD";
const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn recurse(depth: u64) -> u64 {
    let filled = black_box([depth; 32]);
    if depth == u64::MAX { 0 } else { recurse(depth + 1).wrapping_add(filled[7]) }
}

fn overflow() {
    black_box(recurse(0));
}

fn overflow_in_a_coroutine() {
    let mut coroutine = Coroutine::new(512 * 1024, |_| recurse(0));
    let _ = poll(&mut coroutine);
}

/// Runs a coroutine, so that our handler is installed, and then `body`.
fn after_a_coroutine(body: fn()) {
    assert!(poll(&mut Coroutine::with_default_stack(|_| ())).is_ready());
    body();
}

/// Runs `body` in another process. Returns the signal that ended that, and its output.
fn in_a_process(name: &str, body: fn()) -> (Option<i32>, String) {
    if env::var(IS_CHILD).is_ok_and(|it| it == name) {
        body();
        panic!("it should have ended the program");
    }
    let mut child = Command::new(env::current_exe().unwrap());
    child.args([&format!("stacks::{name}"), "--exact", "--nocapture"]).env(IS_CHILD, name);
    let output = child.output().unwrap();
    (output.status.signal(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_overflow_is_told_and_ends_the_program() {
    let name = "an_overflow_is_told_and_ends_the_program";
    let (signal, said) = in_a_process(name, overflow_in_a_coroutine);
    let expected = "coroutine stack overflow: 2097152 bytes of native stack are in use; give the \
                    coroutine a stack of more than 524288 bytes, since it gets four times as much \
                    natively";
    assert_eq!((signal, said.trim()), (Some(SIGABRT), expected));
}

#[test]
fn an_overflow_is_told_with_the_coroutines_name() {
    let name = "an_overflow_is_told_with_the_coroutines_name";
    let (signal, said) = in_a_process(name, || {
        let mut outer = Coroutine::new(512 * 1024, |_| {
            let _ = poll(&mut Coroutine::new(256 * 1024, |_| recurse(0)).named("deep"));
        });
        let mut never = Coroutine::new(512 * 1024, |_| embed(pending::<()>())).named("another");
        assert!(poll(&mut never).is_pending());
        let _ = poll(&mut outer);
    });
    let expected = "coroutine `deep`: coroutine stack overflow: 1048576 bytes of native stack are in use; \
                    give the coroutine a stack of more than 262144 bytes, since it gets four times as \
                    much natively";
    assert_eq!((signal, said.trim()), (Some(SIGABRT), expected));
}

// The sanitizer replaces std's handler by its own.
#[cfg(not(is_sanitized))]
#[test]
fn an_overflow_of_another_stack_is_told_by_std() {
    let name = "an_overflow_of_another_stack_is_told_by_std";
    let (signal, said) = in_a_process(name, || after_a_coroutine(overflow));
    assert_eq!(signal, Some(SIGABRT));
    assert!(said.contains("has overflowed its stack"), "{said}");
}

#[cfg(not(is_sanitized))]
#[test]
fn any_other_fault_is_what_it_was() {
    let name = "any_other_fault_is_what_it_was";
    let (signal, said) = in_a_process(name, || {
        after_a_coroutine(|| {
            let nowhere = black_box(std::ptr::without_provenance::<u8>(16));
            // SAFETY: nothing is there: the program ends here.
            black_box(unsafe { nowhere.read_volatile() });
        });
    });
    assert_eq!(signal, Some(SIGSEGV), "{said}");
    assert!(!said.contains("coroutine"), "{said}");
}

#[cfg(not(is_sanitized))]
#[test]
fn who_asks_what_is_left_can_stop_in_time() {
    fn descend(depth: u32) -> u32 {
        let filled = black_box([depth; 64]);
        if stack_left().is_some_and(|left| left < 64 * 1024) {
            return embed(async { depth });
        }
        descend(depth + 1) + filled[7] - filled[8]
    }
    assert_eq!(stack_left(), None);
    let mut coroutine = Coroutine::with_default_stack(|_| (stack_left(), descend(0)));
    let Poll::Ready((left, deepest)) = poll(&mut coroutine) else { unreachable!("it is ready") };
    let size = 4 * DEFAULT_STACK_SIZE;
    assert!((size - 4096..size).contains(&left.unwrap()), "{left:?}");
    assert!(deepest as usize > size / 4096, "{deepest}");
}

tests! {
    #[cfg(not(is_sanitized))]
    fn one_cannot_wait_on_another_stack() {
        expect_trap(ON_ANOTHER_STACK);
        let mut coroutine = Coroutine::with_default_stack(|_| {
            on_stack(DefaultStack::default(), || embed(pending::<()>()));
        });
        let _ = poll(&mut coroutine);
    }

    #[cfg(not(is_sanitized))]
    fn a_generator_cannot_yield_on_another_stack() {
        expect_trap(ON_ANOTHER_STACK);
        let mut numbers = Generator::with_default_stack(|yielder| {
            on_stack(DefaultStack::default(), || yielder.yield_(7));
        });
        numbers.next();
    }

    fn what_is_ready_need_not_wait_on_another_stack() {
        let mut coroutine = Coroutine::with_default_stack(|_| {
            on_stack(DefaultStack::default(), || embed(async { 42 }))
        });
        assert!(matches!(poll(&mut coroutine), Poll::Ready(42)));
    }

    fn a_coroutine_is_polled_on_another_stack() {
        let mut coroutine = Coroutine::with_default_stack(|handle| {
            let mut inner = Coroutine::with_default_stack(|_| {
                let mut polls = 0;
                embed(poll_fn(move |_| {
                    polls += 1;
                    if polls == 2 { Poll::Ready(polls) } else { Poll::Pending }
                }))
            });
            let first = on_stack(DefaultStack::default(), || poll(&mut inner).is_pending());
            (first, handle.embed(inner))
        });
        assert!(matches!(poll(&mut coroutine), Poll::Ready((true, 2))));
    }
}
