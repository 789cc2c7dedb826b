//! Coroutines that take turns: scheduler and pi.

use std::cell::Cell;
use std::rc::Rc;

use crate::switch::{Yielder, generator};

/// How many there are.
const WORKERS: usize = 10;

/// How many darts are thrown in a turn.
const DARTS: u32 = 10;

/// Resumes workers by turns until all have ended; the sum of what they have counted.
fn take_turns<I: Iterator<Item = ()>>(worker: impl Fn(Rc<Cell<i64>>) -> I) -> i64 {
    let counters: [_; WORKERS] = std::array::from_fn(|_| Rc::new(Cell::new(0)));
    let mut workers = counters.each_ref().map(|counter| Some(worker(Rc::clone(counter))));
    let mut running = WORKERS;
    for next in (0..WORKERS).cycle() {
        if let Some(worker) = &mut workers[next]
            && worker.next().is_none()
        {
            workers[next] = None;
            running -= 1;
            if running == 0 {
                break;
            }
        }
    }
    counters.iter().map(|counter| counter.get()).sum()
}

/// Workers that count their turns. All turns.
pub fn scheduler(size: u32) -> i64 {
    take_turns(|counter| {
        generator(move |yielder: Yielder<'_, ()>| {
            for _ in 0..size {
                counter.set(counter.get() + 1);
                yielder.yield_(());
            }
        })
    })
}

/// Workers that throw darts. How many have hit the quarter of a circle.
pub fn pi(size: u32) -> i64 {
    let random = Rc::new(Cell::new(0xC0_FFEE));
    take_turns(|counter| {
        let random = Rc::clone(&random);
        generator(move |yielder: Yielder<'_, ()>| {
            let mut hits = 0;
            for _ in 0..size {
                for _ in 0..DARTS {
                    let (x, y) = (random_real(&random), random_real(&random));
                    hits += i64::from(x * x + y * y < 1.0);
                }
                yielder.yield_(());
            }
            counter.set(hits);
        })
    })
}

/// From 0 to 1: a linear congruence (Knuth's MMIX), and of that the 32 bits that are the most random.
fn random_real(state: &Cell<u64>) -> f64 {
    let next =
        state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    state.set(next);
    (next >> 32) as f64 / 4_294_967_296.0
}
