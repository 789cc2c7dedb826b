//! Many coroutines that live for a short time: skynet and c10m.

use std::cell::Cell;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::rc::Rc;

use crate::switch::generator;

/// A coroutine that yields its number, on the last level; on others it makes ten, and takes what those yield.
fn node(level: u32, number: i64, sum: Rc<Cell<i64>>) -> impl Iterator<Item = i64> {
    generator(move |yielder| {
        let Some(level) = level.checked_sub(1) else { return yielder.yield_(number) };
        for child in number * 10..number * 10 + 10 {
            add_all(node(level, child, Rc::clone(&sum)), &sum);
        }
    })
}

fn add_all(leaves: impl Iterator<Item = i64>, sum: &Cell<i64>) {
    leaves.for_each(|leaf| sum.set(sum.get() + leaf));
}

/// Coroutines that make ten each, on so many levels. The sum of the numbers of those on the last one.
pub fn skynet(size: u32) -> i64 {
    let sum = Rc::new(Cell::new(0));
    add_all(node(size, 0, Rc::clone(&sum)), &sum);
    sum.get()
}

/// How many connections there are at a time, and what each uses of its stack.
const LIVE: u32 = 10_000;
const USED: usize = 1024;

/// Yields what it was given, and uses its stack.
fn connection(given: u32, count: Rc<Cell<i64>>) -> impl Iterator<Item = u32> {
    generator(move |yielder| {
        yielder.yield_(given);
        // Not all of it, as in C: to fill it would take longer than all that is measured.
        let mut buffer = [const { MaybeUninit::uninit() }; USED];
        for byte in black_box(&mut buffer).iter_mut().step_by(64) {
            byte.write(1u8);
        }
        let written = black_box(&buffer).iter().step_by(64).map(|byte| {
            // SAFETY: just written.
            unsafe { byte.assume_init() }
        });
        let sum: i64 = written.map(i64::from).sum();
        count.set(count.get() + sum / (USED / 64) as i64);
    })
}

/// So many connections. How many there were.
pub fn c10m(size: u32) -> i64 {
    let live = size.min(LIVE);
    let count = Rc::new(Cell::new(0));
    let mut connections: Vec<_> =
        (0..live).map(|number| connection(number, Rc::clone(&count))).collect();
    for number in 0..size {
        let it = &mut connections[(number % live) as usize];
        assert_eq!(it.next(), Some(number));
        assert_eq!(it.next(), None);
        if number + live < size {
            *it = connection(number + live, Rc::clone(&count));
        }
    }
    count.get()
}
