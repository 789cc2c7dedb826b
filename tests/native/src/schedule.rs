//! Random schedules, run with both kinds of tasks.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use guest_support::random::Random;

use crate::program::{self, Op};
use crate::world::World;
use crate::{stackful, stackless};

pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// The payload of the panics here.
pub(crate) struct Panicked;

/// The addresses of forgotten tasks, so that they are not reported as leaks.
static FORGOTTEN: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Forgets a task without dropping it.
pub(crate) fn forget(task: Task) {
    FORGOTTEN.lock().unwrap().push(Box::into_raw(Box::new(task)).expose_provenance());
}

/// Fails unless coroutines do what `async` blocks do.
pub(crate) fn compare(seed: u64) {
    let expected = run(seed, stackless::task);
    let found = run(seed, stackful::task);
    let differs = expected.iter().zip(&found).position(|(expected, found)| expected != found);
    let at = differs.unwrap_or(expected.len().min(found.len()));
    if differs.is_some() || expected.len() != found.len() {
        eprintln!("BYSYNCIFY_SEEDS={seed}..{}", seed + 1);
        eprintln!("programs: {:#?}", programs(&mut Random::new(seed)));
        eprintln!("both: {:#?}", &expected[at.saturating_sub(40)..at]);
        panic!("expected {:?}, found {:?}", expected.get(at), found.get(at));
    }
}

fn programs(random: &mut Random) -> Vec<Vec<Op>> {
    (0..3).map(|_| program::random(random, 3)).collect()
}

fn run(seed: u64, task: fn(&World, &[Op]) -> Task) -> Vec<String> {
    let mut random = Random::new(seed);
    let world = World::new();
    let mut tasks: Vec<Task> =
        programs(&mut random).iter().map(|program| task(&world, program)).collect();
    let sources = [0, 1, 2].map(|name| world.source(name));
    let mut usual = 0;
    for _ in 0..40 {
        if tasks.is_empty() {
            break;
        }
        let chosen = random.below(tasks.len());
        match random.below(12) {
            0 => {
                world.add("dropped");
                drop(tasks.swap_remove(chosen));
            }
            1 | 2 => world.wake(random.below(8)),
            // Most executors use the same waker each time.
            3 | 4 => usual = random.below(3),
            _ => {
                // This waker is dropped when the poll has returned.
                let waker = Waker::from(sources[usual].clone());
                let poll = tasks[chosen].as_mut().poll(&mut Context::from_waker(&waker));
                world.add(format_args!("{chosen}: {}", poll.is_ready()));
                if poll.is_ready() {
                    drop(tasks.swap_remove(chosen));
                }
            }
        }
        // No waker is kept longer than by an `async` block.
        world.add(format_args!("wakers {:?}", sources.each_ref().map(Arc::strong_count)));
    }
    world.add("all are dropped");
    drop(tasks);
    world.add(format_args!("wakers {:?}", sources.each_ref().map(Arc::strong_count)));
    world.trace()
}
