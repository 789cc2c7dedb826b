//! `no_suspend_release::middle`, which has a frame in memory, is assumed not to suspend.

mod lib;

use std::hint::black_box;

use bysyncify::{Coroutine, embed};
use lib::{pause, run, say, start};

fn waits() -> u32 {
    embed(pause());
    7
}

#[inline(never)]
fn middle(next: fn() -> u32) -> u32 {
    let mut array = [1; 16];
    let array = black_box(&mut array);
    array[3] += black_box(next)();
    array[3]
}

#[unsafe(no_mangle)]
extern "C" fn middle_suspends() {
    start();
    let coroutine = Coroutine::new(64 * 1024, |_| {
        say(format!("{}", black_box(waits as fn() -> u32)()));
        say(format!("{}", middle(waits)));
    });
    run("it", coroutine);
}

#[unsafe(no_mangle)]
extern "C" fn middle_does_not_suspend() {
    start();
    let coroutine = Coroutine::new(64 * 1024, |_| {
        say(format!("{}", black_box(waits as fn() -> u32)()));
        say(format!("{}", middle(|| 1)));
    });
    run("it", coroutine);
}
