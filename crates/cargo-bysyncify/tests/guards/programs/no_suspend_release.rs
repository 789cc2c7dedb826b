//! What is assumed not to suspend, and does: functions with a frame in memory and without one, and one that
//! is called by what is assumed not to. After each nothing runs on: else it would say so.

mod lib;

use std::hint::black_box;

use bysyncify::{Coroutine, embed};
use lib::{pause, run, say, start};

fn waits() -> u32 {
    embed(pause());
    7
}

/// Has a frame in memory.
#[inline(never)]
fn middle(next: fn() -> u32) -> u32 {
    let mut array = [1; 16];
    let array = black_box(&mut array);
    array[3] += next();
    ran_on();
    array[3]
}

/// Has none.
#[inline(never)]
fn without_a_frame(next: fn() -> u32) -> u32 {
    let result = next();
    ran_on();
    result + 1
}

/// Is not on the list itself.
#[inline(never)]
fn behind(next: fn() -> u32) -> u32 {
    let result = next();
    ran_on();
    result + 2
}

#[inline(never)]
fn caller(next: fn() -> u32) -> u32 {
    behind(next) + 1
}

/// It is instrumented, so it would be taken for resumed.
#[inline(never)]
fn ran_on() {
    say("ran on".to_owned());
    black_box(quick as fn() -> u32)();
}

fn quick() -> u32 {
    1
}

fn runs(called: fn(fn() -> u32) -> u32, next: fn() -> u32) {
    start();
    let coroutine = Coroutine::new(64 * 1024, move |_| {
        say(format!("{}", black_box(waits as fn() -> u32)()));
        say(format!("{}", called(black_box(next))));
    });
    run("it", coroutine);
}

/// Exports each with what suspends, and with what does not.
macro_rules! exported {
    ($($function:ident: $suspends:ident, $does_not:ident;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $suspends() {
            runs(|next| $function(next), waits);
        }

        #[unsafe(no_mangle)]
        extern "C" fn $does_not() {
            runs(|next| $function(next), quick);
        }
    )*};
}

exported! {
    middle: middle_suspends, middle_does_not_suspend;
    without_a_frame: frameless_suspends, frameless_does_not_suspend;
    caller: callee_suspends, callee_does_not_suspend;
}
