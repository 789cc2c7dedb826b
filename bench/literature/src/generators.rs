//! One coroutine and who asks it for values: itersum, treesum, sieve and state.

use std::cell::Cell;
use std::rc::Rc;

use crate::switch::{Yielder, generator};

/// A loop that yields the numbers below `size`. Their sum.
pub fn itersum(size: u32) -> i64 {
    let numbers = generator(move |yielder: Yielder<'_, i64>| {
        for number in 0..i64::from(size) {
            yielder.yield_(number);
        }
    });
    numbers.sum()
}

/// A tree whose branches are the same tree, so that memory is no part of it.
enum Tree {
    Leaf(i64),
    Fork(Rc<Tree>, Rc<Tree>),
}

fn grow(height: u32, depth: i64) -> Rc<Tree> {
    Rc::new(match height {
        0 => Tree::Leaf(depth),
        _ => {
            let both = grow(height - 1, depth + 1);
            Tree::Fork(Rc::clone(&both), both)
        }
    })
}

/// Returns the sum, too: so something is left to do after each call.
fn walk(yielder: Yielder<'_, i64>, tree: &Tree) -> i64 {
    match tree {
        Tree::Leaf(value) => {
            yielder.yield_(*value);
            *value
        }
        Tree::Fork(left, right) => walk(yielder, left) + walk(yielder, right),
    }
}

/// A recursion over a tree of this height that yields at each leaf. The sum of the leaves, each of which is
/// its depth.
pub fn treesum(size: u32) -> i64 {
    let tree = grow(size, 0);
    let returned = Rc::new(Cell::new(0));
    let inside = Rc::clone(&returned);
    let leaves = generator(move |yielder| inside.set(walk(yielder, &tree)));
    let sum = leaves.sum();
    assert_eq!(returned.get(), sum);
    sum
}

/// What divides candidates by a prime, until it is given 0: whether they are divisible.
fn filter(prime: u32, candidate: Rc<Cell<u32>>) -> impl Iterator<Item = bool> {
    generator(move |yielder| {
        yielder.yield_(false);
        while candidate.get() > 0 {
            yielder.yield_(candidate.get().is_multiple_of(prime));
        }
    })
}

/// A filter for each prime. The prime with this number.
pub fn sieve(size: u32) -> i64 {
    let mut filters = Vec::new();
    let candidate = Rc::new(Cell::new(1));
    while filters.len() < size as usize {
        candidate.set(candidate.get() + 1);
        if !filters.iter_mut().any(|filter: &mut _| Iterator::next(filter) == Some(true)) {
            let mut filter = filter(candidate.get(), Rc::clone(&candidate));
            assert_eq!(filter.next(), Some(false));
            filters.push(filter);
        }
    }
    let last = candidate.replace(0);
    for filter in &mut filters {
        assert_eq!(filter.next(), None);
    }
    last.into()
}

/// What the counter of [`state`] asks for.
enum Command {
    Get,
    Put(u32),
}

/// A variable that is somewhere else: to read it and to write it are yielded as commands. Its value in the
/// end, to which it was counted up.
pub fn state(size: u32) -> i64 {
    let answer = Rc::new(Cell::new(0));
    let variable = Rc::clone(&answer);
    let commands = generator(move |yielder| {
        let get = || {
            yielder.yield_(Command::Get);
            answer.get()
        };
        while get() < size {
            yielder.yield_(Command::Put(get() + 1));
        }
    });
    let mut value = 0;
    for command in commands {
        match command {
            Command::Get => variable.set(value),
            Command::Put(new) => value = new,
        }
    }
    value.into()
}
