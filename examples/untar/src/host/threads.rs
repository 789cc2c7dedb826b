//! A native program: a thread for each read, so that the other coroutines continue meanwhile.

use std::fs;
use std::future::poll_fn;
use std::io::{self, Read};
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::{env, thread};

const USAGE: &str = "usage: cargo run -p untar -- [--high-water] archive.tar.gz…

Reads .tar.gz files, several at once, and prints what is in them.

  --high-water   print how much stack each coroutine has used";

/// The result of a thread, or the waker to call when there is one.
struct Answer<T> {
    value: Option<T>,
    waker: Option<Waker>,
}

/// Runs `work` in a thread, and waits for it.
async fn in_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let answer = Arc::new(Mutex::new(Answer { value: None, waker: None }));
    let of_thread = Arc::clone(&answer);
    thread::spawn(move || {
        let value = work();
        let mut answer = of_thread.lock().unwrap_or_else(PoisonError::into_inner);
        answer.value = Some(value);
        let waker = answer.waker.take();
        drop(answer);
        waker.into_iter().for_each(Waker::wake);
    });
    poll_fn(|cx| {
        let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
        match answer.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                answer.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    })
    .await
}

/// An open file.
pub(crate) struct File {
    file: Arc<fs::File>,
    size: f64,
}

impl File {
    /// Opens a file to read it from its beginning.
    pub(crate) async fn open(path: &str) -> io::Result<Self> {
        let path = path.to_owned();
        in_a_thread(move || {
            let file = fs::File::open(path)?;
            let size = file.metadata()?.len() as f64;
            Ok(Self { file: Arc::new(file), size })
        })
        .await
    }

    /// Reads the next bytes, as many as there are, into `buffer`. 0 is the end.
    pub(crate) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let (file, len) = (Arc::clone(&self.file), buffer.len());
        // Not directly into the buffer: that is gone if this future is dropped meanwhile.
        let bytes = in_a_thread(move || {
            let mut bytes = vec![0; len];
            let read = (&*file).read(&mut bytes)?;
            bytes.truncate(read);
            io::Result::Ok(bytes)
        })
        .await?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    /// The length in bytes, or 0 if there is none, as for a pipe.
    pub(crate) fn size(&self) -> f64 {
        self.size
    }
}

/// The paths that the user has given, and whether to measure stacks.
pub(crate) fn arguments() -> (Vec<String>, bool) {
    let (options, paths): (Vec<_>, Vec<_>) =
        env::args().skip(1).partition(|argument| argument.starts_with("--"));
    if paths.is_empty() || options.iter().any(|option| option != "--high-water") {
        eprintln!("{USAGE}");
        process::exit(2);
    }
    (paths, !options.is_empty())
}

/// Would report how far an archive has been read. Here it does nothing.
pub(crate) fn progress(_archive: u32, _done: u64, _total: f64, _entries: u64) {}

/// Prints the result for an archive.
pub(crate) fn report(_archive: u32, result: &Result<String, String>) {
    match result {
        Ok(text) => println!("{text}"),
        Err(text) => eprintln!("untar: {text}"),
    }
}

/// Ends the program when all archives have been reported: with 1 if some of them have failed.
pub(crate) fn finish(failed: u32) {
    process::exit((failed > 0).into());
}
