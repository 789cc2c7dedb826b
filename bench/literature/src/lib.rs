//! The workloads of the literature on stack switching, in Rust: each is a function of its size, and
//! returns what it has computed. `workloads.c` has the same in C, which return the same.
//!
//! | | |
//! |---|---|
//! | itersum | a loop that yields |
//! | treesum | a recursion that yields at each leaf of a tree |
//! | sieve | a filter for each prime, which is given candidates |
//! | skynet | coroutines that make ten each, on several levels |
//! | scheduler | ten that take turns |
//! | pi | ten that take turns and compute something in them |
//! | state | a variable that is read and written by commands to whoever resumes |
//! | c10m | ten thousand connections at a time |
//!
//! In WebAssembly coroutines are this library's generators, elsewhere those of the crate `corosensei`:
//! `switch` has both behind two names.

mod generators;
mod servers;
mod switch;
mod tasks;

pub use generators::{itersum, sieve, state, treesum};
pub use servers::{c10m, skynet};
pub use tasks::{pi, scheduler};

/// A workload, by its name.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// What the literature calls it.
    pub name: &'static str,
    /// Does the work: of this size.
    pub run: fn(u32) -> i64,
    /// A size that takes no time, and what is returned for it.
    pub small: (u32, i64),
}

/// All of them.
pub const WORKLOADS: [Workload; 8] = [
    Workload { name: "itersum", run: itersum, small: (1000, 499_500) },
    Workload { name: "treesum", run: treesum, small: (10, 10_240) },
    Workload { name: "sieve", run: sieve, small: (100, 541) },
    Workload { name: "skynet", run: skynet, small: (3, 499_500) },
    Workload { name: "scheduler", run: scheduler, small: (100, 1000) },
    Workload { name: "pi", run: pi, small: (100, 7820) },
    Workload { name: "state", run: state, small: (100, 100) },
    Workload { name: "c10m", run: c10m, small: (1000, 1000) },
];

#[cfg(test)]
mod tests {
    use super::WORKLOADS;

    #[test]
    fn what_they_return_is_right() {
        for it in WORKLOADS {
            let (size, expected) = it.small;
            assert_eq!((it.run)(size), expected, "{}", it.name);
        }
    }
}
