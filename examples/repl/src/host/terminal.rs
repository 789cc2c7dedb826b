//! A native program: one script, in a terminal. A thread reads lines, or sleeps, and the program waits
//! for it as it does for a host.

use std::future::poll_fn;
use std::io::{self, IsTerminal, Write};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use bysyncify::{Coroutine, embed};

use super::STACK_SIZE;

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The user does not want to wait any longer. Natively that ends the program at once.
pub(crate) enum Stopped {}

/// Prints a line.
pub(crate) fn print(line: &str) {
    println!("{line}");
}

/// Prints a line that is an error message.
pub(crate) fn fail(line: &str) {
    eprintln!("{line}");
}

/// The time in seconds, since an arbitrary start.
pub(crate) fn seconds() -> f64 {
    STARTED.elapsed().as_secs_f64()
}

/// Reads a line, if there is another.
pub(crate) fn ask(prompt: &str) -> Result<Option<String>, Stopped> {
    if io::stdin().is_terminal() {
        print!("{prompt}");
        let _ = io::stdout().flush();
    }
    Ok(in_a_thread(|| {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line).unwrap_or(0);
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }))
}

/// Waits for a time.
pub(crate) fn sleep(seconds: f64) -> Result<(), Stopped> {
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    in_a_thread(move || thread::sleep(duration));
    Ok(())
}

/// Lets others run: here there are none.
pub(crate) fn give_way() -> Result<(), Stopped> {
    Ok(())
}

/// Runs `work` in a thread, and waits for it.
fn in_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let answer = Arc::new(Mutex::new((None, None::<Waker>)));
    let of_thread = Arc::clone(&answer);
    thread::spawn(move || {
        let value = work();
        let mut answer = of_thread.lock().unwrap_or_else(PoisonError::into_inner);
        answer.0 = Some(value);
        if let Some(waker) = answer.1.take() {
            waker.wake();
        }
    });
    embed(poll_fn(|cx| {
        let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer.1 = Some(cx.waker().clone());
        answer.0.take().map_or(Poll::Pending, Poll::Ready)
    }))
}

/// Wakes a thread that is parked.
struct Unparks(Thread);

impl Wake for Unparks {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs the script that the user has named, or the typed lines, to the end.
pub(crate) fn run() {
    let script = env::args().nth(1);
    let mut program = Coroutine::new(STACK_SIZE, move |_| match script {
        None => crate::run_typed(),
        Some(path) => match fs::read_to_string(&path) {
            Ok(script) => crate::run_script(&script),
            Err(error) => {
                fail(&format!("repl: {path}: {error}"));
                false
            }
        },
    });
    let waker = Waker::from(Arc::new(Unparks(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match Pin::new(&mut program).poll(&mut context) {
            Poll::Ready(is_good) => process::exit((!is_good).into()),
            Poll::Pending => thread::park(),
        }
    }
}
