//! A program for WASI: it prints the lines of files, each read by a coroutine of its own, in turns.
//!
//!     everywhere-wasi <file>…
//!
//! `-` is the standard input. Fails with status 3 if a file cannot be read.

mod executor;

use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Stdin};
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

enum Source {
    File(File),
    Stdin(Stdin),
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stdin(stdin) => stdin.read(buffer),
        }
    }
}

/// Prints a file's lines; how many there are.
fn print(name: &str) -> io::Result<usize> {
    let source = match name {
        "-" => Source::Stdin(io::stdin()),
        path => Source::File(File::open(path)?),
    };
    let mut count = 0;
    for line in BufReader::with_capacity(16, Slow(source)).lines() {
        count += 1;
        println!("{name} {count}: {}", line?);
    }
    Ok(count)
}

fn main() -> ExitCode {
    let print = |name: String| {
        let coroutine = Coroutine::new(64 * 1024, move |_| {
            let result = print(&name);
            if let Err(error) = &result {
                eprintln!("{name}: {error}");
            }
            result.ok()
        });
        Box::pin(coroutine)
    };
    let counts = executor::run_all(env::args().skip(1).map(print));
    println!("{:?} lines for {}", counts, env::var("WHO").unwrap_or_else(|_| "nobody".into()));
    if counts.contains(&None) { ExitCode::from(3) } else { ExitCode::SUCCESS }
}
