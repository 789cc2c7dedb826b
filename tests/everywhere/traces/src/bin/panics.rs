//! Panics in a coroutine.

fn panics() -> u32 {
    panic!("as it should") // panics
}

fn main() {
    everywhere_traces::waits_before(panics); // main
}
