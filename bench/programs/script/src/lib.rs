//! A program to measure: a Rhai script whose `read_line()` reads from a source that waits.

use std::cell::RefCell;
use std::io::BufRead;
use std::rc::Rc;

use bench_support::{Source, program};
use rhai::{Dynamic, Engine};

program!(run);

/// What is interpreted. Its value is the result.
const SCRIPT: &str = include_str!("../script.rhai");

fn run(source: Source) -> Vec<u8> {
    let lines = Rc::new(RefCell::new(source.lines()));
    let mut engine = Engine::new();
    engine.register_fn("read_line", move || match lines.borrow_mut().next() {
        Some(line) => line.expect("the input is text").into(),
        None => Dynamic::UNIT,
    });
    engine.eval::<String>(SCRIPT).expect("the script is right").into_bytes()
}
