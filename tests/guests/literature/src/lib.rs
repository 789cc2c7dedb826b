//! The workloads of bench/literature, with sizes so small that they take no time. They must return the right results,
//! which shows that the benchmark measures what it claims.

use bench_literature::WORKLOADS;
use guest_support::tests;

/// Runs one workload twice: the second run uses memory that the first one has used.
fn check(name: &str) {
    let workload = WORKLOADS.iter().find(|it| it.name == name).expect("a workload's name");
    let (size, expected) = workload.small;
    assert_eq!((workload.run)(size), expected);
    assert_eq!((workload.run)(size), expected);
}

tests! {
    fn itersum() {
        check("itersum");
    }

    fn treesum() {
        check("treesum");
    }

    fn sieve() {
        check("sieve");
    }

    fn skynet() {
        check("skynet");
    }

    fn scheduler() {
        check("scheduler");
    }

    fn pi() {
        check("pi");
    }

    fn state() {
        check("state");
    }

    fn c10m() {
        check("c10m");
    }
}
