//! Coroutines that wait, and say where: calls of known functions and through tables, in loops and not.

mod lib;

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Waker};

use bysyncify::{Coroutine, Generator, embed};
use lib::{pause, say, start};

const STACK: usize = 64 * 1024;

trait Source {
    fn next(&self) -> u32;
}

struct Slow(u32);

impl Source for Slow {
    #[inline(never)]
    fn next(&self) -> u32 {
        embed(pause());
        self.0
    }
}

#[inline(never)]
fn sum(sources: &[Box<dyn Source>]) -> u32 {
    let mut sum = 0;
    for source in sources {
        sum += source.next();
    }
    sum
}

#[inline(never)]
fn twice(f: fn(u32) -> u32, x: u32) -> u32 {
    let y = f(x);
    f(y) + y
}

#[inline(never)]
fn add(x: u32) -> u32 {
    let sources: [Box<dyn Source>; 2] = [Box::new(Slow(x)), Box::new(Slow(black_box(2)))];
    sum(&sources) + 1
}

#[unsafe(no_mangle)]
extern "C" fn each_wait_of_a_coroutine() {
    start();
    let mut coroutine = pin!(Coroutine::new(STACK, |_| black_box(twice(black_box(add), 3)) + 1));
    say(format!("{}", coroutine.backtrace()));
    let mut context = Context::from_waker(Waker::noop());
    while coroutine.as_mut().poll(&mut context).is_pending() {
        say(format!("{}", coroutine.backtrace()));
    }
    say(format!("{}", coroutine.backtrace()));
}

#[unsafe(no_mangle)]
extern "C" fn generator() {
    start();
    let mut numbers = Generator::new(STACK, |yielder| {
        for number in 0..3 {
            yielder.yield_(black_box(number));
        }
    });
    numbers.next();
    say(format!("{}", numbers.backtrace()));
}
