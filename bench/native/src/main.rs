//! What a switch costs natively, and what many suspended coroutines take.
//!
//! `cargo xtask bench native` builds this optimised and runs it. All that is compared is measured in one run,
//! in turns, and the least time of each is what is told: nothing makes code faster than it is.

#[cfg(unix)]
mod many;
#[cfg(unix)]
mod switches;

#[cfg(unix)]
fn main() {
    switches::measure();
    many::measure(100_000);
}

#[cfg(not(unix))]
fn main() {
    eprintln!("there is nothing to compare with on this system");
}
