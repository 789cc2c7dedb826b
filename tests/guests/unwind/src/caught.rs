//! A panic that is caught in the coroutine that raised it: the coroutine continues as before.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::hint::black_box;
use std::panic::{self, panic_any, resume_unwind};
use std::rc::Rc;
use std::task::Poll;
use std::thread;

use bysyncify::{Coroutine, EmbedError, Generator, can_embed, embed, try_embed};
#[cfg(target_family = "wasm")]
use guest_support::expect_overflow_in;
use guest_support::{Trace, after_polls, poll_once, run, tests};

use crate::caught;

tests! {
    fn a_coroutine_waits_after_a_caught_panic() {
        let coroutine = Coroutine::new(65_536, |_| {
            let before = black_box([7_u8; 100]);
            let message = caught(|| panic!("x"));
            assert!(can_embed());
            assert!(!thread::panicking());
            assert_eq!(try_embed(after_polls(2, 5)), Ok(5));
            assert_eq!(black_box(before), [7; 100]);
            message
        });
        assert_eq!(run(coroutine), (3, Some("x".into())));
        assert!(!can_embed());
    }

    fn many_panics_in_turns_with_waits() {
        let coroutine = || Coroutine::new(65_536, |_| {
            (0..50_usize).filter(|n| {
                let message = caught(|| { embed(after_polls(n % 3, ())); panic!("{n}") });
                embed(after_polls(1, ()));
                message == Some(n.to_string())
            }).count()
        });
        let (mut a, mut b) = (coroutine(), coroutine());
        let mut results = (None, None);
        while results.0.is_none() || results.1.is_none() {
            if results.0.is_none() && let Poll::Ready(count) = poll_once(&mut a) {
                results.0 = Some(count);
            }
            if results.1.is_none() && let Poll::Ready(count) = poll_once(&mut b) {
                results.1 = Some(count);
            }
        }
        assert_eq!(results, (Some(50), Some(50)));
    }

    fn a_future_that_catches_its_own_panic_is_suspended_when_it_is_pending() {
        let polls = Rc::new(Cell::new(0));
        let counted = polls.clone();
        let mut coroutine = Coroutine::new(65_536, move |_| {
            try_embed(poll_fn(|_| {
                counted.set(counted.get() + 1);
                if counted.get() == 1 {
                    assert_eq!(caught(|| panic!("x")), Some("x".into()));
                }
                if counted.get() >= 3 { Poll::Ready(()) } else { Poll::Pending }
            }))
        });
        assert_eq!(poll_once(&mut coroutine), Poll::Pending);
        assert_eq!(polls.get(), 1);
        assert_eq!(poll_once(&mut coroutine), Poll::Pending);
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(Ok(())));
        assert_eq!(polls.get(), 3);
    }

    fn a_panic_hook_cannot_wait_and_what_is_caught_then_can() {
        let seen = Trace::default();
        let trace = seen.clone();
        // A hook must be `Send`; there are no threads here.
        struct Shown(Trace);
        // SAFETY: there is one thread.
        unsafe impl Send for Shown {}
        // SAFETY: likewise.
        unsafe impl Sync for Shown {}
        let shown = Shown(trace);
        panic::set_hook(Box::new(move |_| {
            let shown = &shown;
            shown.0.add(format!("{} {:?}", can_embed(), try_embed(after_polls(1, ()))));
        }));
        let coroutine = Coroutine::new(65_536, |_| (caught(|| panic!("x")), embed(after_polls(1, 2))));
        assert_eq!(run(coroutine), (2, (Some("x".into()), 2)));
        assert_eq!(seen.take(), ["false Err(NotRunning)"]);
    }

    fn a_panic_of_a_future_comes_out_of_embed() {
        let coroutine = Coroutine::new(65_536, |_| {
            let message = caught(|| embed(poll_fn(|_| -> Poll<()> { panic!("in poll") })));
            (message, embed(after_polls(1, 5)))
        });
        assert_eq!(run(coroutine), (2, (Some("in poll".into()), 5)));
    }

    fn a_panic_of_a_future_comes_out_of_embed_later() {
        let coroutine = Coroutine::new(65_536, |_| {
            let mut polls = 0;
            let future = poll_fn(|_| -> Poll<()> {
                polls += 1;
                if polls < 3 { Poll::Pending } else { panic!("in poll {polls}") }
            });
            let message = caught(|| embed(future));
            (message, can_embed(), embed(after_polls(1, 5)))
        });
        assert_eq!(run(coroutine), (4, (Some("in poll 3".into()), true, 5)));
    }

    fn a_coroutine_in_one_that_has_caught_a_panic() {
        let trace = Trace::default();
        let log = trace.clone();
        let coroutine = Coroutine::new(65_536, move |_| {
            caught(|| panic!("x"));
            let inner_log = log.clone();
            let mut inner = Coroutine::new(65_536, move |_| {
                embed(after_polls(1, ()));
                let message = caught(|| panic!("y"));
                inner_log.add(format!("{message:?} {:?}", try_embed(after_polls(1, ()))));
                3
            });
            let polls = [(); 3].map(|()| poll_once(&mut inner));
            log.add(format!("{polls:?} {:?}", try_embed(after_polls(1, ()))));
            7
        });
        assert_eq!(run(coroutine), (2, 7));
        assert_eq!(
            trace.take(),
            ["Some(\"y\") Ok(())", "[Pending, Pending, Ready(3)] Ok(())"]
        );
    }

    fn without_a_hook_and_with_any_payload() {
        let coroutine = Coroutine::new(65_536, |_| {
            let first = caught(|| resume_unwind(Box::new("resumed")));
            embed(after_polls(1, ()));
            let second = caught(|| panic_any(3));
            (first, second, try_embed(after_polls(1, 1)))
        });
        let expected = (Some("resumed".into()), Some("no text".into()), Ok(1));
        assert_eq!(run(coroutine), (3, expected));
    }

    fn a_generator_yields_after_a_caught_panic() {
        let results = Rc::new(RefCell::new(Vec::new()));
        let log = results.clone();
        let mut generator = Generator::new(65_536, move |yielder| {
            yielder.yield_(1);
            caught(|| panic!("g"));
            log.borrow_mut().push(yielder.try_yield(2));
        });
        assert_eq!([(); 4].map(|()| generator.next()), [Some(1), Some(2), None, None]);
        assert_eq!(*results.borrow(), [Ok(())]);
    }

    fn a_second_panic_that_a_destructor_catches() {
        struct Catches(Trace);
        impl Drop for Catches {
            fn drop(&mut self) {
                let message = caught(|| panic!("inner"));
                self.0.add(format!("{message:?} {}", thread::panicking()));
            }
        }
        let trace = Trace::default();
        let log = trace.clone();
        let coroutine = Coroutine::new(65_536, move |_| {
            let message = caught(|| {
                let _catches = Catches(log);
                panic!("outer")
            });
            (message, thread::panicking(), embed(after_polls(1, 5)))
        });
        assert_eq!(run(coroutine), (2, (Some("outer".into()), false, 5)));
        assert_eq!(trace.take(), ["Some(\"inner\") true"]);
    }

    fn a_cancelled_coroutine_catches_a_panic() {
        let mut coroutine = Coroutine::new(65_536, |_| {
            assert_eq!(try_embed(after_polls(9, ())), Err(EmbedError::Cancelled));
            caught(|| panic!("in cancel"))
        });
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(coroutine.cancel(), Some(Some("in cancel".into())));
        assert_eq!(bysyncify::abandoned_coroutines(), 0);
    }

    #[cfg(target_family = "wasm")]
    fn the_stack_is_still_checked_after_a_caught_panic() {
        if !expect_overflow_in("guest_unwind::caught::large") {
            return;
        }
        run(Coroutine::new(32_768, |_| {
            caught(|| panic!("x"));
            large()
        }));
    }
}

#[cfg(target_family = "wasm")]
#[inline(never)]
fn large() -> u8 {
    black_box([1_u8; 60_000])[3]
}
