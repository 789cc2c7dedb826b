//! Stacks that are slightly too small, at every depth: memory below the stack must not change before the program ends
//! with a message.
//!
//! A leaf function may use up to 128 bytes below the stack pointer (LLVM's red zone) without changing it.
//! `std::io::copy` has a buffer of 8 KiB that it does not fill. The exact depth of a stack depends on the compiler,
//! so each depth and each size is tried, in its own instance.

use bysyncify::Coroutine;
use guest_support::{allow_trap, is_checked, mask_numbers, mask_quotes, run};
use std::hint::black_box;
use std::io::{self, Write};

/// Exports a test for each of these values.
macro_rules! sweep {
    ($name:ident($value:ident in $($number:literal)*) $body:block) => {$(
        const _: () = {
            // SAFETY: spaces in the name, so it clashes with no symbol of C or Rust.
            #[unsafe(export_name = concat!("test ", stringify!($name), " ", $number))]
            extern "C" fn test() {
                guest_support::start();
                let $value = $number;
                $body
            }
        };
    )*};
}

/// Leaf functions, with frames of two sizes.
macro_rules! leaf {
    ($name:ident, $small:literal, $large:literal) => {
        #[inline(never)]
        fn $name(value: u64) -> u64 {
            let array = [value; $small];
            if array[0] == 1 {
                let array = [value; $large];
                return black_box(&array)[$large / 2];
            }
            black_box(&array)[1]
        }
    };
}

leaf!(leaf_of_4_or_8, 4, 8);
leaf!(leaf_of_4_or_10, 4, 10);
leaf!(leaf_of_2_or_12, 2, 12);
leaf!(leaf_of_14, 14, 14);

const LEAVES: [fn(u64) -> u64; 4] = [leaf_of_4_or_8, leaf_of_4_or_10, leaf_of_2_or_12, leaf_of_14];

/// Lowers the stack pointer, by 16 or 32 bytes at a time.
#[inline(never)]
fn descend(depth: u32, value: u64, leaf: fn(u64) -> u64) -> u64 {
    let here = [value];
    let result = if depth == 0 { leaf(value) } else { descend(depth - 1, value, leaf) };
    black_box(&here);
    result
}

/// The same, starting 48 bytes lower.
#[inline(never)]
fn descend_from_below(depth: u32, value: u64, leaf: fn(u64) -> u64) -> u64 {
    let here = [value; 5];
    let result = descend(depth, value, leaf);
    black_box(&here);
    result
}

const INTACT: u64 = 0x1111_1111_1111_1111;

/// Runs `body` on a small stack, just above an unrelated box.
fn above_a_box(size: usize, body: impl FnOnce() -> u64 + 'static) {
    let below = Box::new([INTACT; 64]);
    let coroutine = Coroutine::new(size, move |_| body());
    allow_overflow();
    run(coroutine);
    assert_eq!(*black_box(below), [INTACT; 64], "a box that nobody has to do with was overwritten");
}

/// Accepts an overflow with its message, as well as no overflow.
fn allow_overflow() {
    mask_numbers();
    mask_quotes();
    let function = if is_checked() { "`…`" } else { "function # (`…` names it)" };
    allow_trap(&format!(
        "coroutine stack overflow: # bytes are needed in {function} and the stack has #; give the \
         coroutine a larger one"
    ));
}

/// Discards its input.
struct Sink(u64);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += black_box(bytes).len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

sweep! {
    leaves_at_a_depth_of(depth in 0 1 2 3 4 5 6 7 8 9 10 11 12) {
        // The first one that does not fit ends the program, so they are sorted by size.
        for leaf in LEAVES {
            above_a_box(512, move || descend(depth, 0xdead, leaf));
        }
    }
}

sweep! {
    the_largest_leaf_at_a_depth_of(depth in 0 1 2 3 4 5 6 7 8 9) {
        above_a_box(512, move || descend_from_below(depth, 0xdead, leaf_of_14));
    }
}

sweep! {
    a_leaf_on_a_stack_of(size in 512 528 544 560 576 592 608 624 640 656 672 688 704 720 736 752) {
        above_a_box(size, || descend_from_below(6, 0xdead, leaf_of_14));
    }
}

sweep! {
    a_buffer_of_8_kilobytes_on_a_stack_of(size in 1024 2048 4096 6144 8192 9216 10240 12288 16384) {
        let below: Vec<_> = (0..64).map(|_| Box::new([0x11_u8; 1024])).collect();
        let coroutine = Coroutine::new(size, |_| {
            io::copy(&mut io::Cursor::new(vec![0xee; 200]), &mut Sink(0)).ok()
        });
        allow_overflow();
        assert_eq!(run(coroutine), (1, Some(200)));
        let touched = below.iter().flat_map(|it| it.iter()).filter(|byte| **byte != 0x11).count();
        assert_eq!(touched, 0, "bytes of boxes that nobody has to do with were overwritten");
    }
}
