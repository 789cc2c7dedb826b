//! The workloads as a program of the machine's own: reads lines with a name and a size, and writes what was
//! returned and how many nanoseconds it took.

use std::io::{BufRead, stdin};
use std::time::Instant;

use bench_literature::WORKLOADS;

fn main() {
    for line in stdin().lock().lines() {
        let line = line.expect("a line");
        let (name, size) = line.split_once(' ').expect("a name and a size");
        let size = size.parse().expect("a number");
        let workload = WORKLOADS.iter().find(|it| it.name == name).expect("a workload's name");
        let started = Instant::now();
        let result = (workload.run)(size);
        println!("{result} {}", started.elapsed().as_nanos());
    }
}
