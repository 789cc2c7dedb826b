//! Calls of all kinds that wait anywhere, on stacks of any size. Saved frames are in the stack while other code runs,
//! waits again, and ends. Each program must end with the same result as without waiting, or with the message that
//! names a size. A stack of the measured size must be enough.

use bysyncify::{Coroutine, Generator, MIN_STACK_SIZE, RawCoroutine, Stack, can_embed, embed};
use guest_support::beside::{memory_between_others, overwritten};
use guest_support::random::Random;
use guest_support::{after_polls, allow_trap, at_panic, poll_once, random_seed, run, tests};
use std::cell::Cell;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::task::Poll;

/// A function of these programs. The first argument determines what it calls and where it waits, the second limits
/// the depth.
type Called = fn(u64, u32) -> u64;

/// Waits, if the two low bits are 0 and a coroutine is running.
fn pause(bits: u64) {
    if bits.is_multiple_of(4) && can_embed() {
        embed(after_polls(1 + (bits >> 2) as usize % 2, ()));
    }
}

/// Calls the function that the bits choose.
#[inline(never)]
fn call(bits: u64, depth: u32) -> u64 {
    let (which, rest) = (bits % 16, bits.rotate_right(4));
    let Some(depth) = depth.checked_sub(1) else {
        pause(rest);
        return rest;
    };
    let called: [Called; 16] = [
        filled::<8>,
        filled::<300>,
        descends::<20>,
        descends::<500>,
        descends::<2000>,
        locals,
        locals,
        low_end::<100>,
        aligned,
        passes_on,
        passes_on,
        looped,
        dropped,
        nested,
        generated,
        printed,
    ];
    black_box(called)[which as usize](rest, depth)
}

/// Writes to its whole frame.
#[inline(never)]
fn filled<const N: usize>(bits: u64, depth: u32) -> u64 {
    let array = black_box([bits as u8; N]);
    call(bits, depth).wrapping_add(array[N / 2].into())
}

/// Writes only to the low end of its frame.
#[inline(never)]
fn low_end<const N: usize>(bits: u64, depth: u32) -> u64 {
    let mut array = [const { MaybeUninit::<u8>::uninit() }; N];
    black_box(&mut array)[0].write(bits as u8);
    let below = call(bits, depth);
    black_box(&array);
    pause(bits >> 5);
    below.wrapping_add(1)
}

/// Waits, and then uses more of the stack without another wait.
#[inline(never)]
fn descends<const N: usize>(bits: u64, depth: u32) -> u64 {
    let below = call(bits, depth);
    let mut array = [0; N];
    for (at, number) in array.iter_mut().enumerate() {
        *number = bits as u8 ^ at as u8;
    }
    quiet(below, bits as u32 % 8) ^ u64::from(black_box(&array)[bits as usize % N])
}

#[inline(never)]
fn quiet(bits: u64, depth: u32) -> u64 {
    let array = black_box([bits; 20]);
    let below = depth.checked_sub(1).map_or(1, |depth| black_box(quiet as Called)(!bits, depth));
    below.rotate_left(1) ^ array[bits as usize % 20]
}

/// Has no data in memory, but many locals to save.
#[inline(never)]
fn locals(bits: u64, depth: u32) -> u64 {
    let [a, b, c] = [1, 2, 3].map(|by| black_box(bits.rotate_left(by)));
    let (d, e) = (black_box(bits as f64), black_box(bits as u8));
    let first = call(bits, depth);
    let second = call(bits ^ 0x5a, depth.min(2));
    (first ^ a ^ b ^ c ^ d.to_bits()).wrapping_add(second).wrapping_add(e.into())
}

/// Has a frame whose size depends on the stack pointer.
#[inline(never)]
fn aligned(bits: u64, depth: u32) -> u64 {
    #[repr(align(64))]
    struct Aligned([u64; 20]);
    let array = black_box(Aligned([bits; 20]));
    call(bits, depth) ^ array.0[(bits % 20) as usize]
}

/// Returns what the last call returns.
#[inline(never)]
fn passes_on(bits: u64, depth: u32) -> u64 {
    call(bits, depth)
}

#[inline(never)]
fn looped(bits: u64, depth: u32) -> u64 {
    let mut sum = depth.into();
    for turn in 0..bits % 4 {
        for inner in 0..turn {
            pause(bits >> inner);
            sum = call(sum ^ bits, depth.min(1)).wrapping_mul(3);
        }
        sum ^= call(bits.rotate_left(turn as u32), depth.min(3));
    }
    sum
}

/// Waits in a destructor.
#[inline(never)]
fn dropped(bits: u64, depth: u32) -> u64 {
    struct Last<'a>(&'a mut u64, u64, u32);
    impl Drop for Last<'_> {
        fn drop(&mut self) {
            *self.0 ^= call(self.1, self.2);
        }
    }
    let mut result = bits;
    let last = Last(&mut result, bits, depth.min(3));
    let other = call(!bits, depth);
    drop(last);
    result ^ other
}

/// Waits for another coroutine.
#[inline(never)]
fn nested(bits: u64, depth: u32) -> u64 {
    let inner = Coroutine::new(64 * 1024, move |_| call(bits, depth.min(3)));
    match can_embed() {
        true => embed(inner),
        false => call(bits, depth.min(3)),
    }
}

/// Takes the values of a generator, which does not wait.
#[inline(never)]
fn generated(bits: u64, depth: u32) -> u64 {
    let values = Generator::new(64 * 1024, move |yielder| {
        let mut value = bits;
        for turn in 0..3 {
            yielder.yield_(value);
            value = value.rotate_left(turn + 7);
        }
    });
    values.fold(0, |sum, value| sum ^ call(value, depth.min(1)))
}

#[inline(never)]
fn printed(bits: u64, depth: u32) -> u64 {
    struct Printed(u64, u32);
    impl std::fmt::Display for Printed {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            pause(self.0);
            f.write_str(["a", "bc", "def"][call(self.0, self.1) as usize % 3])
        }
    }
    format!("<{}>", Printed(bits, depth.min(2))).len() as u64
}

/// A random program to run on a small stack.
fn program(random: &mut Random) -> impl FnOnce() -> u64 + Copy + 'static {
    let (bits, depth) = (random.bits(), 4 + random.below(20) as u32);
    move || call(bits, depth)
}

/// Runs a program on a large stack, and measures how much it needs.
fn measured(program: impl FnOnce() -> u64 + Copy + 'static, expected: u64) -> usize {
    let mut coroutine = Coroutine::with_stack(Stack::painted(256 * 1024), move |_| program());
    let result = loop {
        if let Poll::Ready(result) = poll_once(&mut coroutine) {
            break result;
        }
    };
    assert_eq!(result, expected);
    let stack = coroutine.into_stack().expect("it has finished");
    stack.high_water().expect("it was painted").total()
}

thread_local! {
    /// Whether only the beginning of an overflow's message is reported.
    static SHORTENED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a program on a stack of this size, between memory that must not be written to.
fn run_on(size: usize, program: impl FnOnce() -> u64 + Copy + 'static, expected: u64) {
    // How much the coroutine keeps beside its stack also depends on the address of the memory.
    let coroutine = (size + 96..)
        .map(|len| RawCoroutine::new(memory_between_others(len), move |_| program()))
        .find(|coroutine| coroutine.stack_size() >= size)
        .expect("there is more memory");
    assert!(coroutine.stack_size() <= size + 16, "{coroutine:?}");
    if SHORTENED.get() {
        at_panic(|message| {
            let is_overflow = message.starts_with("coroutine stack overflow: ");
            overwritten().or(is_overflow.then(|| "coroutine stack overflow".to_owned()))
        });
    }
    assert_eq!(run(coroutine).1, expected, "on a stack of {size} bytes");
    assert_eq!(overwritten(), None, "by a stack of {size} bytes");
}

fn on_stacks_that_are_too_small(number: u64) {
    let mut random = Random::new(random_seed() ^ number << 40);
    // The rest of the message depends on where the overflow is detected.
    SHORTENED.set(true);
    allow_trap("coroutine stack overflow");
    let program = program(&mut random);
    let expected = program();
    let needed = measured(program, expected);
    for size in (MIN_STACK_SIZE..=needed).rev().step_by(16) {
        run_on(size, program, expected);
    }
}

/// The number of programs that are measured.
const PROGRAMS: usize = if cfg!(debug_assertions) { 30 } else { 500 };

fn on_measured_stacks(number: u64) {
    let mut random = Random::new(random_seed() ^ number << 40);
    for _ in 0..PROGRAMS {
        let program = program(&mut random);
        let expected = program();
        run_on(measured(program, expected), program, expected);
    }
}

/// Exports a test for each of these numbers.
macro_rules! each {
    ($($number:literal)*) => {$(
        const _: () = {
            // SAFETY: spaces in the name, so it clashes with no symbol of C or Rust.
            #[unsafe(export_name = concat!("test deep_waits_on_ever_smaller_stacks ", $number))]
            extern "C" fn test() {
                guest_support::start();
                on_stacks_that_are_too_small($number);
            }
        };
    )*};
}

// An overflow ends the program, so each number has its own instance.
each! { 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 }

tests! {
    fn deep_waits_on_a_stack_that_was_measured_1() { on_measured_stacks(1); }
    fn deep_waits_on_a_stack_that_was_measured_2() { on_measured_stacks(2); }
    fn deep_waits_on_a_stack_that_was_measured_3() { on_measured_stacks(3); }
    fn deep_waits_on_a_stack_that_was_measured_4() { on_measured_stacks(4); }
}
