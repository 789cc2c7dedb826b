//! What stops the thread until another thread does something, where there is no other.
//!
//! `std::thread::park` returns at once here, so whatever waits with it spins. A module that checks
//! itself stops there.

use bysyncify::{Coroutine, embed};
use guest_support::{after_one_poll, poll_once, run, tests};
use std::sync::mpsc;
use std::task::Poll;

tests! {
    fn park_alone_returns() {
        std::thread::park();
    }

    fn a_channel_that_has_something() {
        let (sender, receiver) = mpsc::channel();
        sender.send(7).unwrap();
        let mut coroutine = Coroutine::new(65536, move |_| receiver.recv());
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(Ok(7)));
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
