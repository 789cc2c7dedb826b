//! Wakers whose functions panic, run coroutines, or return another waker.
//!
//! A wait owns no waker unless another wait is in progress inside it. So these tests have all places where the
//! library calls a waker's functions. After each of them the coroutine continues, and as many wakers were dropped as
//! were made.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use bysyncify::{Coroutine, EmbedError, abandoned_coroutines, can_embed, embed, try_embed};
use guest_support::{Droppy, Trace, after_polls, poll_once, run, tests};

use crate::caught;

/// The effect of a call of a waker's function.
enum Act {
    /// The normal effect.
    Well,
    /// Also calls this function.
    Calls(Box<dyn FnOnce()>),
    /// A clone is another waker, which has this effect when it is dropped.
    Other(Box<Act>),
}

fn panics(message: &'static str) -> Act {
    Act::Calls(Box::new(move || panic!("{message}")))
}

impl Act {
    fn call(self) {
        if let Self::Calls(function) = self {
            function();
        }
    }
}

/// The data of a waker.
struct Script {
    clones: RefCell<VecDeque<Act>>,
    drops: RefCell<VecDeque<Act>>,
    wakers: Rc<Cell<usize>>,
}

static FUNCTIONS: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: whoever clones a waker has one.
        let script = unsafe { &*data.cast::<Script>() };
        let act = script.clones.borrow_mut().pop_front();
        match act {
            Some(Act::Other(act)) => raw(Rc::new(Script {
                clones: RefCell::default(),
                drops: RefCell::new(VecDeque::from([*act])),
                wakers: script.wakers.clone(),
            })),
            act => {
                if let Some(act) = act {
                    act.call();
                }
                // SAFETY: it is from `raw`.
                unsafe { Rc::increment_strong_count(data.cast::<Script>()) };
                script.wakers.set(script.wakers.get() + 1);
                RawWaker::new(data, &FUNCTIONS)
            }
        }
    },
    |_| unreachable!("these are woken by reference"),
    |_| {},
    |data| {
        // SAFETY: it is from `raw`, and dropped once for each waker.
        let script = unsafe { Rc::from_raw(data.cast::<Script>()) };
        script.wakers.set(script.wakers.get() - 1);
        let act = script.drops.borrow_mut().pop_front();
        drop(script);
        if let Some(act) = act {
            act.call();
        }
    },
);

fn raw(script: Rc<Script>) -> RawWaker {
    script.wakers.set(script.wakers.get() + 1);
    RawWaker::new(Rc::into_raw(script).cast(), &FUNCTIONS)
}

/// A waker with these effects, in this order, when it is cloned, and when one of its clones is dropped. Later calls
/// have no special effect. Also returns the number of wakers.
fn scripted(
    clones: impl IntoIterator<Item = Act>,
    drops: impl IntoIterator<Item = Act>,
) -> (Waker, Rc<Cell<usize>>) {
    let wakers = Rc::new(Cell::new(0));
    let script = Script {
        clones: RefCell::new(clones.into_iter().collect()),
        drops: RefCell::new(drops.into_iter().collect()),
        wakers: wakers.clone(),
    };
    // SAFETY: its functions keep count of what they own, and there is one thread at a time.
    (unsafe { Waker::from_raw(raw(Rc::new(script))) }, wakers)
}

fn poll_with<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Waits during a poll. Returns the panic message of the inner wait.
fn waits_in_a_poll(polls: usize) -> Option<String> {
    embed(poll_fn(|_| Poll::Ready(caught(|| embed(after_polls(polls, ()))))))
}

tests! {
    fn one_that_panics_when_it_is_cloned() {
        let (waker, wakers) = scripted([panics("first clone")], []);
        let mut coroutine = Coroutine::new(65_536, |_| {
            let message = caught(|| embed(after_polls(1, ())));
            (message, can_embed(), embed(after_polls(1, 5)))
        });
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        assert_eq!(poll_with(&mut coroutine, &waker), Poll::Ready((Some("first clone".into()), true, 5)));
        drop(waker);
        assert_eq!(wakers.get(), 0);
    }

    fn one_that_panics_when_it_is_cloned_for_a_wait_in_a_poll() {
        let (waker, wakers) = scripted([Act::Well, panics("second clone")], []);
        let mut coroutine = Coroutine::new(65_536, |_| {
            (waits_in_a_poll(1), waits_in_a_poll(1), embed(after_polls(1, 5)))
        });
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        let expected = (Some("second clone".into()), None, 5);
        assert_eq!(poll_with(&mut coroutine, &waker), Poll::Ready(expected));
        drop(waker);
        assert_eq!(wakers.get(), 0);
    }

    fn one_whose_clone_is_another_unlike_before() {
        let (waker, wakers) = scripted([Act::Well, Act::Other(Box::new(Act::Well))], []);
        let mut coroutine = Coroutine::new(65_536, |_| {
            (waits_in_a_poll(1), waits_in_a_poll(1), embed(after_polls(1, 5)))
        });
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        let message = "cannot embed in a poll: a clone of the waker is another waker, unlike before";
        let expected = (Some(message.into()), None, 5);
        assert_eq!(poll_with(&mut coroutine, &waker), Poll::Ready(expected));
        drop(waker);
        assert_eq!(wakers.get(), 0);
    }

    fn one_that_panics_when_it_is_dropped_after_it_was_tried() {
        let (waker, wakers) = scripted([], [panics("first drop")]);
        let mut coroutine = Coroutine::new(65_536, |_| {
            let message = caught(|| embed(after_polls(1, ())));
            (message, can_embed(), embed(after_polls(1, 5)))
        });
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        assert_eq!(poll_with(&mut coroutine, &waker), Poll::Ready((Some("first drop".into()), true, 5)));
        drop(waker);
        assert_eq!(wakers.get(), 0);
    }

    /// By then the wait has its result, which is lost.
    fn one_that_panics_when_it_is_dropped_at_the_end_of_a_wait_in_a_poll() {
        let (waker, wakers) = scripted([], [Act::Well, panics("second drop")]);
        let mut coroutine = Coroutine::new(65_536, |_| {
            (waits_in_a_poll(0), waits_in_a_poll(1), embed(after_polls(1, 5)))
        });
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        let expected = (Some("second drop".into()), None, 5);
        assert_eq!(poll_with(&mut coroutine, &waker), Poll::Ready(expected));
        drop(waker);
        assert_eq!(wakers.get(), 0);
    }

    fn one_that_panics_when_it_is_dropped_since_another_has_come() {
        // After the clone that was tried, the one that was held, and the executor's own.
        let (first, firsts) = scripted([], [Act::Well, Act::Well, panics("third drop")]);
        let (second, seconds) = scripted([], []);
        let trace = Trace::default();
        let log = trace.clone();
        let mut coroutine = Coroutine::new(65_536, move |_| {
            let mut polls = 0;
            let _local = Droppy(log.clone(), "local");
            let message = caught(|| embed(poll_fn(|_| -> Poll<()> {
                polls += 1;
                embed(after_polls(1, ()));
                Poll::Pending
            })));
            log.add(format!("{polls} {message:?}"));
            embed(after_polls(1, 5))
        });
        assert!(poll_with(&mut coroutine, &first).is_pending());
        drop(first);
        assert_eq!(firsts.get(), 1);
        assert!(poll_with(&mut coroutine, &second).is_pending());
        assert_eq!((firsts.get(), trace.take()), (0, vec!["1 Some(\"third drop\")".to_string()]));
        assert_eq!(poll_with(&mut coroutine, &second), Poll::Ready(5));
        assert_eq!(trace.take(), ["drop local"]);
        drop(second);
        assert_eq!(seconds.get(), 0);
    }

    fn a_clone_that_panics_when_it_is_dropped_at_the_end_of_its_wait() {
        let other = Act::Other(Box::new(panics("clone's drop")));
        let (waker, wakers) = scripted([other], []);
        let mut coroutine = Coroutine::new(65_536, |_| {
            (caught(|| embed(after_polls(0, ()))), waits_in_a_poll(0), embed(after_polls(1, 5)))
        });
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        assert_eq!(wakers.get(), 1);
        let expected = (Some("clone's drop".into()), None, 5);
        assert_eq!(poll_with(&mut coroutine, &waker), Poll::Ready(expected));
        drop(waker);
        assert_eq!(wakers.get(), 0);
    }

    fn a_clone_that_panics_when_it_is_dropped_in_the_next_poll() {
        let other = Act::Other(Box::new(panics("clone's drop")));
        let (waker, wakers) = scripted([other], []);
        let mut coroutine = Coroutine::new(65_536, |_| {
            (caught(|| embed(after_polls(1, ()))), can_embed(), embed(after_polls(1, 5)))
        });
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        // The wait has a clone, and the executor its own waker.
        assert_eq!(wakers.get(), 2);
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        let expected = (Some("clone's drop".into()), true, 5);
        assert_eq!(poll_with(&mut coroutine, &waker), Poll::Ready(expected));
        drop(waker);
        assert_eq!(wakers.get(), 0);
    }

    fn one_that_runs_coroutines_when_it_is_cloned_and_dropped() {
        let trace = Trace::default();
        let runs = |name: &'static str| {
            let trace = trace.clone();
            Act::Calls(Box::new(move || {
                trace.add(format!("{name} {} {:?}", can_embed(), try_embed(async {})));
                let inner = trace.clone();
                let mut abandons = Coroutine::new(65_536, move |_| {
                    let _inner = Droppy(inner, "inner");
                    waits_in_a_poll(9)
                });
                assert!(poll_once(&mut abandons).is_pending());
                assert_eq!(run(Coroutine::new(65_536, |_| waits_in_a_poll(2))), (3, None));
            }))
        };
        let (waker, wakers) =
            scripted([runs("clone"), runs("clone")], [runs("drop"), runs("drop")]);
        let log = trace.clone();
        let mut coroutine = Coroutine::new(65_536, move |_| {
            let message = waits_in_a_poll(1);
            log.add("went on");
            (message, embed(after_polls(1, 5)))
        });
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        let each = |name| [format!("{name} false Err(NotRunning)"), "drop inner".into()];
        assert_eq!(trace.take(), [each("clone"), each("drop"), each("clone")].concat());
        assert!(poll_with(&mut coroutine, &waker).is_pending());
        assert_eq!(trace.take(), [&each("drop")[..], &["went on".into()]].concat());
        assert_eq!(poll_with(&mut coroutine, &waker), Poll::Ready((None, 5)));
        drop(waker);
        assert_eq!((wakers.get(), abandoned_coroutines()), (0, 0));
    }

    fn those_of_waits_three_deep_are_let_go_of_when_the_coroutine_is() {
        for is_faithful in [true, false] {
            let others = (0..12).map(|_| match is_faithful {
                true => Act::Well,
                false => Act::Other(Box::new(Act::Well)),
            });
            let (waker, wakers) = scripted(others, []);
            let mut coroutine = Coroutine::new(65_536, |_| {
                let result = try_embed(poll_fn(|_| Poll::Ready(try_embed(poll_fn(|_| {
                    Poll::Ready(try_embed(after_polls(9, ())))
                })))));
                assert_eq!(result, Ok(Ok(Err(EmbedError::Cancelled))));
            });
            assert!(poll_with(&mut coroutine, &waker).is_pending());
            // The executor's own; the clones of the two waits that have another wait inside; and one that is unequal.
            assert_eq!(wakers.get(), if is_faithful { 3 } else { 4 });
            drop(waker);
            drop(coroutine);
            assert_eq!((wakers.get(), abandoned_coroutines()), (0, 0));
        }
    }

    /// Two executors poll in turns. An inner coroutine is polled with the waker of the outer one, before and after
    /// the outer one has waited in the middle of that poll.
    fn those_that_a_coroutine_inside_was_polled_with() {
        let sources = [scripted([], []), scripted([], [])];
        let seen = Rc::new(RefCell::new(Vec::<Waker>::new()));
        let log = seen.clone();
        let mut coroutine = Coroutine::new(65_536, move |_| {
            let mut inner = Coroutine::new(32_768, move |_| {
                let mut left = 6;
                embed(poll_fn(|cx| {
                    log.borrow_mut().push(cx.waker().clone());
                    left -= 1;
                    if left == 0 { Poll::Ready(7) } else { Poll::Pending }
                }))
            });
            embed(poll_fn(|cx| {
                if let Poll::Ready(value) = Pin::new(&mut inner).poll(cx) {
                    return Poll::Ready(value);
                }
                embed(after_polls(1, ()));
                Pin::new(&mut inner).poll(cx)
            }))
        });
        for turn in 0.. {
            let polled = poll_with(&mut coroutine, &sources[turn % 2].0);
            let is_of = |waker: &Waker| sources.iter().position(|(it, _)| it.will_wake(waker));
            let found: Vec<_> = seen.take().iter().map(is_of).collect();
            let (before, now) = (Some((turn + 1) % 2), Some(turn % 2));
            match turn {
                0 => assert_eq!(found, [now]),
                // With the old one, as that poll continues; then it is polled again with the latest.
                1 | 2 => assert_eq!(found, [before, now]),
                _ => {
                    assert_eq!((found, polled), (vec![before], Poll::Ready(7)));
                    break;
                }
            }
            assert!(polled.is_pending());
        }
        drop(coroutine);
        for (waker, wakers) in sources {
            drop(waker);
            assert_eq!(wakers.get(), 0);
        }
    }
}
