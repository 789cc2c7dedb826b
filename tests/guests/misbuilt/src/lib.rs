//! experiment
use bysyncify::{Coroutine, embed};
use guest_support::{after_polls, expect_trap, log, poll_once, run, tests};
use std::hint::black_box;

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn waits_and_is_removed() -> u32 {
    embed(after_polls(1, 7))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn calls_and_is_removed(function: fn() -> u32) -> u32 {
    function() + 1
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn calls_with_frame_and_is_removed(function: fn() -> u32) -> u32 {
    let mut a = [1u32; 10];
    log("ran");
    black_box(&mut a);
    let r = function();
    black_box(&mut a);
    a[3] + r
}

#[inline(never)]
fn waits() -> u32 {
    embed(after_polls(1, 7))
}

tests! {
    fn waiter() {
        let mut coroutine = Coroutine::new(16384, |_| waits_and_is_removed());
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        panic!("end");
    }
    fn middle_direct() {
        let mut coroutine = Coroutine::new(16384, |_| calls_and_is_removed(black_box(waits)));
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        panic!("end");
    }
    fn middle_indirect() {
        let f = black_box(calls_with_frame_and_is_removed as extern "C" fn (fn() -> u32) -> u32);
        let mut coroutine = Coroutine::new(16384, move |_| f(black_box(waits)));
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        panic!("end");
    }
    fn direct() {
        let mut coroutine = Coroutine::new(16384, |_| waits());
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        panic!("end");
    }
    fn indirect() {
        let mut coroutine = Coroutine::new(16384, |_| black_box(waits as fn() -> u32)() + 1);
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        let p = poll_once(&mut coroutine);
        log(&format!("{p:?}"));
        panic!("end");
    }
    fn many() {
        let mut coroutine = Coroutine::new(16384, |h| (0..10).map(|i| h.embed(after_polls(i, i))).sum::<usize>());
        for _ in 0..50 {
        let p = poll_once(&mut coroutine);
        if p.is_ready() {
        log(&format!("{p:?}"));
        break; }
        }
        let (n, r) = run(Coroutine::new(16384, |h| Coroutine::new(16384, |h| h.embed(after_polls(2, 3)))));
        log(&format!("{n} {:?}", run(r)));
        expect_trap("end");
        panic!("end");
    }
}
