//! Functions that stop the thread until another thread does something, when there is no other thread.
//!
//! `std::thread::park` returns at once here, so code that waits with it spins. A module from our linker stops there,
//! unless the optimiser has inlined the function that parks.

use bysyncify::{Coroutine, embed};
use guest_support::{
    after_one_poll, allow_trap, expect_trap, is_checked, mask_numbers, mask_quotes, poll_once, run,
    tests,
};
use std::io::ErrorKind;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

tests! {
    fn park_alone_returns() {
        std::thread::park();
    }

    /// It returns at once, so code that waits with it retries. A module from our linker stops at the first call,
    /// unless the optimiser has inlined the function that parks.
    fn a_coroutine_parks() {
        let coroutine = Coroutine::new(65536, |_| {
            (0..1000_u32).inspect(|_| std::thread::park()).sum::<u32>()
        });
        match is_checked() {
            true => expect_stop(),
            false => {
                mask_numbers();
                mask_quotes();
                allow_trap(&format!("function # (`…` names it) {STOPPED}"));
            }
        }
        assert_eq!(run(coroutine), (1, 499_500));
    }

    fn a_thread_sleeps() {
        let mut coroutine = Coroutine::new(65536, |_| std::thread::sleep(Duration::from_millis(1)));
        expect_trap("can't sleep");
        let _ = poll_once(&mut coroutine);
    }

    fn a_thread_is_started() {
        let mut coroutine = Coroutine::new(65536, |_| {
            std::thread::Builder::new().spawn(|| ()).map_err(|error| error.kind()).map(drop)
        });
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(Err(ErrorKind::Unsupported)));
    }

    fn a_channel_that_has_something() {
        let (sender, receiver) = mpsc::channel();
        sender.send(7).unwrap();
        let mut coroutine = Coroutine::new(65536, move |_| receiver.recv());
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(Ok(7)));
    }

    fn a_channel_that_has_nothing() {
        stops_where_it_parks(|| {
            let (sender, receiver) = mpsc::channel::<u32>();
            let received = receiver.recv();
            drop(sender);
            received.unwrap_or(0)
        });
    }

    fn a_channel_that_is_full() {
        stops_where_it_parks(|| {
            let (sender, receiver) = mpsc::sync_channel(0);
            let sent = sender.send(1).is_ok();
            drop(receiver);
            u32::from(sent)
        });
    }

    fn a_future_is_blocked_on() {
        stops_where_it_parks(|| futures_executor::block_on(std::future::pending()));
    }

    /// This one waits with a `Condvar`.
    fn a_future_is_blocked_on_by_pollster() {
        let mut coroutine = Coroutine::new(65536, |_| pollster::block_on(after_one_poll(1)));
        let _ = poll_once(&mut coroutine);
        let mut coroutine =
            Coroutine::new(65536, |_| pollster::block_on(std::future::pending::<()>()));
        expect_trap("condvar wait not supported");
        let _ = poll_once(&mut coroutine);
    }

    fn a_channel_is_asked_in_turns() {
        let (sender, receiver) = mpsc::channel();
        let coroutine = Coroutine::new(65536, move |_| {
            loop {
                match receiver.try_recv() {
                    Ok(value) => return value,
                    Err(_) => embed(after_one_poll(())),
                }
            }
        });
        let mut coroutine = coroutine;
        assert!(poll_once(&mut coroutine).is_pending());
        sender.send(7).unwrap();
        assert_eq!(run(coroutine), (1, 7));
    }
}

/// The message about the function that parks.
const STOPPED: &str =
    "would stop the only thread there is: what waits in it spins for ever; wait with `…` instead";

/// The function's name depends on the compiler's version.
fn expect_stop() {
    mask_quotes();
    expect_trap(&format!("`…` {STOPPED}"));
}

/// Calls a function that would hang, but only in a module that checks itself: there it must stop.
fn stops_where_it_parks(hangs: impl FnOnce() -> u32 + 'static) {
    if is_checked() {
        expect_stop();
        let _ = poll_once(&mut Coroutine::new(65536, |_| hangs()));
    }
}
