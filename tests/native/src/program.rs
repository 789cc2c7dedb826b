//! Random programs, as data.

use guest_support::random::Random;

/// An operation of a task's code.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Waits for a future that is pending this many times, and remembers its waker.
    Wait(usize),
    /// The same, but if it is cancelled the wait does not return.
    WaitOrUnwind(usize),
    /// Waits for a future that is pending this many times, and does not remember its waker.
    WaitSilently(usize),
    /// Calls a function that has a value to drop.
    Call(Vec<Op>),
    /// Calls a function, and catches its panic.
    Catch(Vec<Op>),
    /// Waits for another task.
    Task(Vec<Op>),
    /// Waits for another task, which panics at its end, and catches the panic.
    TaskThatPanics(Vec<Op>),
    /// Polls another task this many times, with its own waker, and then drops or forgets it.
    ByHand { task: Vec<Op>, polls: usize, forget: bool },
    /// Takes some of the values of a generator.
    Generate { has: usize, take: usize },
    /// The same for a stream, which waits before each value.
    Stream { has: usize, take: usize },
    /// Waits for a future that waits in the middle of its poll, and then wakes the waker of that poll.
    WaitInPoll(usize),
    /// The same for a future that is pending once after that.
    PendAfterWait,
}

/// A program with this nesting depth.
pub(crate) fn random(random: &mut Random, depth: usize) -> Vec<Op> {
    (0..random.below(5)).map(|_| op(random, depth)).collect()
}

fn op(r: &mut Random, depth: usize) -> Op {
    let deep = if depth == 0 { 6 } else { 12 };
    match r.below(deep) {
        0 => Op::Wait(r.below(3)),
        1 => Op::WaitOrUnwind(r.below(3)),
        2 => Op::WaitSilently(r.below(3)),
        3 => Op::Generate { has: r.below(5), take: r.below(5) },
        4 => Op::WaitInPoll(r.below(3)),
        5 => Op::PendAfterWait,
        6 => Op::Call(random(r, depth - 1)),
        7 => Op::Catch(random(r, depth - 1)),
        8 => Op::Task(random(r, depth - 1)),
        9 => Op::TaskThatPanics(random(r, depth - 1)),
        10 => Op::Stream { has: r.below(4), take: r.below(5) },
        _ => Op::ByHand { task: random(r, depth - 1), polls: r.below(4), forget: r.below(4) == 0 },
    }
}
