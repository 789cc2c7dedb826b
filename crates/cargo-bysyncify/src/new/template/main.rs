//! Synchronous code that waits: two readers take turns, each a few bytes at a time.

mod host;

use std::io::{self, BufRead, BufReader, Read};

use bysyncify::{Coroutine, try_embed};
use futures::future::try_join;

const FRUIT: &str = "apples and apricots\nbananas\ncherries\n";
const TREES: &str = "ash\nbirch and beech\ncedar, cypress and chestnut\n";

fn main() {
    // A coroutine is a future: it is awaited like any other.
    let fruit = Coroutine::with_default_stack(|_| print_lines("fruit", Slow(FRUIT.as_bytes())));
    let trees = Coroutine::with_default_stack(|_| print_lines("trees", Slow(TREES.as_bytes())));
    host::run(async {
        host::print(&match try_join(fruit, trees).await {
            Ok((fruit, trees)) => format!("{} lines", fruit + trees),
            Err(error) => format!("error: {error}"),
        });
    });
}

/// Ordinary synchronous code, with the standard library's in between. None of it knows that
/// the source waits.
fn print_lines(name: &str, source: impl Read) -> io::Result<usize> {
    let mut count = 0;
    for line in BufReader::new(source).lines() {
        host::print(&format!("{name}: {}", line?));
        count += 1;
    }
    Ok(count)
}

/// Bytes that arrive a few at a time, as from a network.
struct Slow(&'static [u8]);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Here everything that called this is paused, and goes on when the timer has run out.
        try_embed(host::sleep(100)).map_err(io::Error::other)?;
        let len = buffer.len().min(8);
        self.0.read(&mut buffer[..len])
    }
}
