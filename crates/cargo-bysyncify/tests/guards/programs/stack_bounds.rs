//! Coroutines whose stacks have a bound, and one that has none. Each function that is exported runs one on a stack of the
//! size that it is given, and returns a sum.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, embed};

/// Pending once.
fn pause() -> impl Future<Output = ()> {
    let mut is_ready = false;
    poll_fn(
        move |_| {
            if std::mem::replace(&mut is_ready, true) { Poll::Ready(()) } else { Poll::Pending }
        },
    )
}

fn run(future: impl Future<Output = u32>) -> u32 {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(sum) = future.as_mut().poll(&mut context) {
            return sum;
        }
    }
}

/// Arrays on the shadow stack, with a wait below them.
#[unsafe(no_mangle)]
extern "C" fn arrays(size: usize) -> u32 {
    run(Coroutine::new(size, |_| five_hundred(1)))
}

#[inline(never)]
fn five_hundred(seed: u8) -> u32 {
    let array = black_box([seed; 500]);
    thousand(seed) + u32::from(array[3])
}

#[inline(never)]
fn thousand(seed: u8) -> u32 {
    let array = black_box([seed; 1000]);
    embed(pause());
    u32::from(array[7])
}

/// Frames that stay while others are saved again: each function waits before it calls the next one, and after that.
#[unsafe(no_mangle)]
extern "C" fn turns(size: usize) -> u32 {
    run(Coroutine::new(size, |_| turn_1(1)))
}

macro_rules! turns {
    ($($name:ident $next:ident)*) => {$(
        #[inline(never)]
        fn $name(number: u64) -> u32 {
            let [a, b, c, d] = black_box([number, number + 1, number + 2, number + 3]);
            let mut sum = 0;
            for _ in 0..2 {
                embed(pause());
                sum += $next(number + 1);
            }
            embed(pause());
            sum + (a + b * c + d) as u32
        }
    )*};
}
turns!(turn_1 turn_2 turn_2 turn_3 turn_3 turn_4 turn_4 turn_5 turn_5 turn_6 turn_6 turn_7);

#[inline(never)]
fn turn_7(number: u64) -> u32 {
    embed(pause());
    number as u32
}

/// Each wait is in a function that all call, so that a segment has little more than what was taken of it, and a link.
#[unsafe(no_mangle)]
extern "C" fn levels(size: usize) -> u32 {
    run(Coroutine::new(size, |_| level_1(1)))
}

#[inline(never)]
fn rest() {
    embed(pause());
}

macro_rules! levels {
    ($($name:ident $next:ident)*) => {$(
        #[inline(never)]
        fn $name(number: u32) -> u32 {
            let kept = black_box(number);
            rest();
            $next(number + 1) + kept
        }
    )*};
}
levels!(level_1 level_2 level_2 level_3 level_3 level_4 level_4 level_5 level_5 level_6 level_6 level_7
    level_7 level_8 level_8 level_9 level_9 level_10 level_10 level_11 level_11 level_12 level_12 level_13
    level_13 level_14 level_14 level_15 level_15 level_16 level_16 level_17 level_17 level_18 level_18 level_19
    level_19 level_20 level_20 level_21);

#[inline(never)]
fn level_21(number: u32) -> u32 {
    rest();
    number
}

/// A recursion: how deep it gets is not known.
#[unsafe(no_mangle)]
extern "C" fn descent(size: usize) -> u32 {
    run(Coroutine::new(size, |_| descend(black_box(5))))
}

#[inline(never)]
fn descend(depth: u32) -> u32 {
    let array = black_box([depth; 10]);
    embed(pause());
    if depth == 0 { 0 } else { step(depth) + array[9] }
}

#[inline(never)]
fn step(depth: u32) -> u32 {
    descend(depth - 1) + 1
}
