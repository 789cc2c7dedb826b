//! Somebody has said that `core::fmt` never suspends, nor does `no_suspend::middle`.

mod lib;

use std::fmt;
use std::hint::black_box;
use std::mem::MaybeUninit;

use bysyncify::{Coroutine, can_embed, embed};
use lib::{call_back, pause, run, say, start, whose_stack};

const STACK: usize = 64 * 1024;

/// Waits where it is printed.
struct Waits;

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        embed(pause());
        f.write_str("waited")
    }
}

/// What waits itself is instrumented, because of this. It is those who call it who are not.
fn waits() -> u32 {
    embed(pause());
    7
}

#[inline(never)]
fn middle(next: fn() -> u32) -> u32 {
    black_box(next)() + 1
}

/// Calls what suspends, so that all of that is instrumented, and then what should not.
fn in_a_coroutine(
    then: impl Fn() -> u32 + Copy + 'static,
) -> Coroutine<impl FnOnce(bysyncify::CoreHandle<'_>), ()> {
    Coroutine::new(STACK, move |_| {
        say(format!("{}", black_box(waits as fn() -> u32)()));
        say(format!("{}", then()));
    })
}

#[unsafe(no_mangle)]
extern "C" fn display_waits() {
    start();
    run("it", in_a_coroutine(|| format!("{Waits}").len() as u32));
}

#[unsafe(no_mangle)]
extern "C" fn display_waits_in_a_nested_coroutine() {
    start();
    run(
        "outer",
        Coroutine::new(2 * STACK, |outer| {
            outer.embed(in_a_coroutine(|| format!("{Waits}").len() as u32));
        }),
    );
}

#[unsafe(no_mangle)]
extern "C" fn middle_does_not_suspend() {
    start();
    run("it", in_a_coroutine(|| middle(|| 1)));
}

#[unsafe(no_mangle)]
extern "C" fn middle_suspends() {
    start();
    run("it", in_a_coroutine(|| middle(waits)));
}

#[unsafe(no_mangle)]
extern "C" fn middle_suspends_and_the_host_calls_again() {
    start();
    let coroutine = Coroutine::new(2 * STACK, |handle| {
        call_back(2, || {
            say(format!("called on {}, can embed: {}", whose_stack(), can_embed()));
            run("another", in_a_coroutine(|| middle(waits)));
        });
        handle.embed(pause());
    });
    run("it", coroutine);
}

/// What is resumed below it may suspend.
#[unsafe(no_mangle)]
extern "C" fn middle_runs_a_coroutine() {
    start();
    fn runs() -> u32 {
        run("inner", in_a_coroutine(|| 1));
        8
    }
    run("outer", in_a_coroutine(|| middle(runs)));
}

fn deep(depth: u32) -> u32 {
    if depth == 0 { waits() } else { deep(depth - 1) ^ black_box(depth) }
}

/// And what is saved until then does not fit.
#[unsafe(no_mangle)]
extern "C" fn middle_suspends_on_a_stack_that_is_too_small() {
    start();
    let coroutine = Coroutine::new(STACK, |_| {
        let array = [const { MaybeUninit::<u8>::uninit() }; STACK - 8192];
        let array = black_box(&array);
        say(format!("{}", deep(1)));
        say(format!("{}", middle(|| deep(350))));
        say(format!("{}", array.len()));
    });
    run("it", coroutine);
}
