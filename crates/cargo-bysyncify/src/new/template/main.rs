//! Synchronous code that waits: two readers take turns, each a few bytes at a time.

#[cfg_attr(not(target_family = "wasm"), path = "native.rs")]
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Bytes that arrive one by one, each when it is asked for a second time.
    struct ByteByByte(&'static [u8]);

    impl Read for ByteByByte {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut polls = 0;
            let arrives = poll_fn(|_| {
                polls += 1;
                if polls == 1 {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            });
            try_embed(arrives).map_err(io::Error::other)?;
            let len = buffer.len().min(1);
            self.0.read(&mut buffer[..len])
        }
    }

    #[test]
    fn lines_are_counted_though_each_byte_takes_its_time() {
        let source = ByteByByte(b"a\nb\n");
        let lines = Coroutine::with_default_stack(|_| print_lines("test", source));
        let mut lines = pin!(lines);
        let mut context = Context::from_waker(Waker::noop());
        // Four bytes and the end: the source waits five times.
        for _ in 0..5 {
            assert!(lines.as_mut().poll(&mut context).is_pending());
        }
        let Poll::Ready(count) = lines.as_mut().poll(&mut context) else {
            panic!("it should not wait again");
        };
        assert_eq!(count.unwrap(), 2);
    }
}
