//! The ordinary life of a coroutine.

use bysyncify::Coroutine;
use futures_core::FusedFuture;
use guest_support::{Trace, after_one_poll, after_polls, poll_once, run, tests};
use std::task::Poll;

tests! {
    fn finishes_without_a_suspend() {
        assert_eq!(run(Coroutine::new(4096, |_| 42)), (1, 42));
    }

    fn suspends_and_resumes() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut coroutine = Coroutine::new(8192, move |handle| {
            let array = [3u32; 16];
            inside.add("started");
            let one = handle.embed(after_one_poll(1));
            inside.add(format!("resumed with {one}, {}", array.iter().sum::<u32>()));
            let two = handle.embed(after_polls(2, 2));
            inside.add(format!("resumed with {two}, {}", array.iter().sum::<u32>()));
            one + two
        });
        assert!(!coroutine.is_terminated());
        assert_eq!(trace.take(), [""; 0]);
        assert_eq!(poll_once(&mut coroutine), Poll::Pending);
        assert_eq!(trace.take(), ["started"]);
        assert_eq!(poll_once(&mut coroutine), Poll::Pending);
        assert_eq!(trace.take(), ["resumed with 1, 48"]);
        assert_eq!(poll_once(&mut coroutine), Poll::Pending);
        assert_eq!(trace.take(), [""; 0]);
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(3));
        assert_eq!(trace.take(), ["resumed with 2, 48"]);
        assert!(coroutine.is_terminated());
    }
}
