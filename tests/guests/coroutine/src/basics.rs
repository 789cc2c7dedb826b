//! The normal life of a coroutine.

use bysyncify::{Coroutine, State, embed, get_state};
use futures_core::FusedFuture;
use guest_support::{Trace, after_one_poll, after_polls, poll_once, run, tests};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
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
    fn the_state_is_normal_to_code_that_runs() {
        let seen = Rc::new(RefCell::new(vec![get_state()]));
        let look = {
            let seen = seen.clone();
            move || seen.borrow_mut().push(get_state())
        };
        let inside = look.clone();
        let mut coroutine = Coroutine::new(16384, move |_| {
            let dropped = Looks(inside.clone());
            for polls in 1..4 {
                inside();
                let mut left = polls;
                let look = inside.clone();
                embed(poll_fn(move |cx| {
                    look();
                    cx.waker().wake_by_ref();
                    left -= 1;
                    if left == 0 { Poll::Ready(()) } else { Poll::Pending }
                }));
                inside();
            }
            drop(dropped);
        });
        while poll_once(&mut coroutine).is_pending() {
            look();
        }
        look();
        assert_eq!(*seen.borrow(), [State::Normal; 1 + 3 * 2 + (1 + 2 + 3) + 1 + 3 + 1]);
    }
}

/// Calls a function when it is dropped.
struct Looks<F: Fn()>(F);

impl<F: Fn()> Drop for Looks<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
