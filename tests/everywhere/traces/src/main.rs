//! Traps in a coroutine.

fn traps() -> u32 {
    std::process::abort() // traps
}

fn main() {
    everywhere_traces::waits_before(traps); // main
}
