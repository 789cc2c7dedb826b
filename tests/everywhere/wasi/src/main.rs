//! A program for WASI: it prints the lines of what its arguments name, each read by a coroutine of
//! its own, in turns.
//!
//!     everywhere-wasi <source>…
//!
//! A source is a file, or `-` for the standard input, or a text after `=`. Fails with status 3 if
//! one cannot be read.

mod executor;

use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::process::ExitCode;
use std::time::Duration;

use bysyncify::{Coroutine, embed};

/// Reads a few bytes at a time, and waits before each of them.
struct Slow<R>(R);

impl<R: Read> Read for Slow<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        embed(executor::sleep(Duration::from_millis(2)));
        let end = buffer.len().min(4);
        self.0.read(&mut buffer[..end])
    }
}

/// Prints the lines of a source, the one with this number; how many there are.
fn print(number: usize, source: &str) -> io::Result<usize> {
    let source: Box<dyn Read> = match source {
        "-" => Box::new(io::stdin()),
        other => match other.strip_prefix('=') {
            Some(text) => Box::new(Cursor::new(text.to_owned())),
            None => Box::new(File::open(other)?),
        },
    };
    let mut count = 0;
    for line in BufReader::with_capacity(16, Slow(source)).lines() {
        count += 1;
        println!("{number}.{count}: {}", line?);
    }
    Ok(count)
}

fn main() -> ExitCode {
    let print = |(number, source): (usize, String)| {
        let coroutine = Coroutine::new(64 * 1024, move |_| {
            let result = print(number, &source);
            if let Err(error) = &result {
                eprintln!("{source}: {error}");
            }
            result.ok()
        });
        Box::pin(coroutine)
    };
    let counts = executor::run_all(env::args().enumerate().skip(1).map(print));
    println!("{:?} lines for {}", counts, env::var("WHO").unwrap_or_else(|_| "nobody".into()));
    if counts.contains(&None) { ExitCode::from(3) } else { ExitCode::SUCCESS }
}
