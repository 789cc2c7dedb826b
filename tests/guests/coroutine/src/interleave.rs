//! A thousand coroutines at once, each compared with the same program as an `async fn`.
//!
//! The stacks contain data of all kinds: wasm locals, arrays and strings whose address is taken, boxes, up to 200
//! nested frames. Between any two polls another coroutine runs, or deeply nested code on the executor's own stack.

use bysyncify::{Coroutine, embed};
use guest_support::random::Random;
use guest_support::{after_polls, random_seed, tests};
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// One program in two versions, which differ only in `wait` and `call`.
macro_rules! program {
    ($name:ident, $wait:ident, $call:ident $(, $asyncness:ident)?) => {
        /// Calls itself to a depth of `depth` and returns, and sometimes waits.
        $($asyncness)? fn $name(mut random: Random, depth: usize, values: &mut Vec<u64>) -> u64 {
            let mut array = [0u32; 12];
            for (index, word) in array.iter_mut().enumerate() {
                *word = random.bits() as u32 ^ index as u32;
            }
            let array = black_box(&mut array);
            let text = String::from(["a", "coroutine", "of", "words"][random.below(4)]);
            let boxed = Box::new(random.bits());
            let float = random.bits() as f64 / 3.0;

            if random.below(12) == 0 {
                let (polls, value) = (random.below(3), random.bits() as u32);
                array[0] ^= $wait!(after_polls(polls, value));
            }
            let below = match depth {
                0 => $wait!(after_polls(1, random.bits())),
                _ => $call!($name(random.clone(), depth - 1, values)),
            };
            if random.below(12) == 0 {
                let (polls, value) = (random.below(3), random.bits() as u32);
                array[1] ^= $wait!(after_polls(polls, value));
            }

            let sum = array.iter().fold(0u64, |sum, &word| sum.rotate_left(7) ^ u64::from(word));
            let value = below.wrapping_mul(31) ^ sum ^ *boxed ^ float.to_bits() ^ text.len() as u64;
            values.push(value);
            value
        }
    };
}

macro_rules! embed_it {
    ($future:expr) => {
        embed($future)
    };
}
macro_rules! await_it {
    ($future:expr) => {
        $future.await
    };
}
macro_rules! just_call {
    ($call:expr) => {
        $call
    };
}
macro_rules! box_and_await {
    ($call:expr) => {
        Box::pin($call).await
    };
}

program!(stackful, embed_it, just_call);
program!(stackless, await_it, box_and_await, async);

/// Uses the executor's own stack, and overwrites it.
fn unrelated(depth: usize, value: u32) -> u32 {
    let mut array = [value; 32];
    let array = black_box(&mut array);
    let below = if depth == 0 { value } else { unrelated(depth - 1, value ^ 0x5555_5555) };
    array.iter().fold(below, |sum, word| sum.wrapping_add(*word))
}

type Values = (u64, Vec<u64>);

/// Polls all to completion, in an order that depends only on the seed. Returns for each its result and how often it
/// was polled.
fn drive<F: Future<Output = Values> + Unpin>(seed: u64, tasks: Vec<F>) -> Vec<(Values, usize)> {
    let mut random = Random::new(seed);
    let mut context = Context::from_waker(Waker::noop());
    let mut results: Vec<Option<(Values, usize)>> = tasks.iter().map(|_| None).collect();
    let mut tasks: Vec<(usize, usize, F)> =
        tasks.into_iter().enumerate().map(|(index, task)| (index, 0, task)).collect();
    while !tasks.is_empty() {
        let chosen = random.below(tasks.len());
        let (index, polls, task) = &mut tasks[chosen];
        *polls += 1;
        if let Poll::Ready(values) = Pin::new(task).poll(&mut context) {
            results[*index] = Some((values, *polls));
            tasks.swap_remove(chosen);
        }
        black_box(unrelated(random.below(30), random.bits() as u32));
    }
    results.into_iter().flatten().collect()
}

fn compare(count: u64, max_depth: usize) {
    let seed = random_seed();
    let programs = |index| {
        let mut random = Random::new(seed ^ index);
        let depth = random.below(max_depth + 1);
        (random, depth)
    };
    let coroutines = (0..count).map(|index| {
        let (random, depth) = programs(index);
        Coroutine::new(16 * 1024 + depth * 1024, move |_| {
            let mut values = Vec::new();
            (stackful(random, depth, &mut values), values)
        })
    });
    let futures = (0..count).map(|index| {
        let (random, depth) = programs(index);
        Box::pin(async move {
            let mut values = Vec::new();
            (stackless(random, depth, &mut values).await, values)
        })
    });
    let coroutines = drive(seed, coroutines.collect());
    let futures = drive(seed, futures.collect());
    assert_eq!(coroutines.len(), count as usize);
    for (index, (coroutine, future)) in coroutines.iter().zip(&futures).enumerate() {
        assert_eq!(coroutine, future, "program {index}");
    }
}

tests! {
    fn a_thousand_coroutines_keep_their_values() {
        compare(1000, 200);
    }
}
