//! Random programs, as data.

use guest_support::random::Random;

/// What the code of a task does, in order.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Waits for a future that is pending so many times, and remembers whom to wake.
    Wait(usize),
    /// The same, in a way that does not return if it is cancelled.
    WaitOrUnwind(usize),
    /// Waits for a future that is pending so many times, and tells nobody.
    WaitSilently(usize),
    /// Calls something, which has something to drop.
    Call(Vec<Op>),
    /// Catches a panic of what it calls.
    Catch(Vec<Op>),
    /// Waits for another task.
    Task(Vec<Op>),
    /// Waits for another task, which panics at its end, and catches that.
    TaskThatPanics(Vec<Op>),
    /// Polls another task so often, with a waker of its own, and lets go of it.
    ByHand { task: Vec<Op>, polls: usize, forget: bool },
    /// Takes some of the values that a generator has.
    Generate { has: usize, take: usize },
    /// The same of one that waits before each.
    Stream { has: usize, take: usize },
    /// Waits for a future that waits in the middle of being polled, and wakes whom it was given then.
    WaitInPoll(usize),
    /// The same for one that is pending afterwards, once.
    PendAfterWait,
}

/// A program that goes down so far.
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
