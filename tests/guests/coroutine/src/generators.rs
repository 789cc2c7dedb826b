//! Coroutines that yield: the order of events, and what happens to values and to frames.

use bysyncify::{
    AsyncGenerator, BoxAsyncGenerator, BoxCoroutine, BoxGenerator, Cancelled, CoreHandle,
    Coroutine, DEFAULT_STACK_SIZE, EmbedError, Generator, Stack, Yielder, abandoned_coroutines,
    embed, try_embed,
};
use futures_core::{FusedStream, Stream};
use guest_support::{
    CountingWaker, Droppy, Trace, after_polls, expect_trap, insistently, poll_once, run, tests,
};
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const STACK: usize = 16384;

fn poll_next<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}

/// Yields the numbers of a binary tree, in order, from all depths of the tree.
fn walk(low: u32, high: u32, yielder: Yielder<'_, u32>) -> Result<(), EmbedError> {
    let array = std::hint::black_box([low; 4]);
    if low < high {
        let middle = low.midpoint(high);
        walk(low, middle, yielder)?;
        yielder.try_yield(middle)?;
        walk(middle + 1, high, yielder)?;
    }
    assert_eq!(array, [low; 4]);
    Ok(())
}

tests! {
    fn values_come_from_any_depth() {
        let numbers = Generator::new(STACK, |yielder| walk(0, 100, yielder).unwrap());
        assert!(numbers.eq(0..100));
        let numbers = Generator::new(STACK, |yielder| {
            let _ = walk(0, 100, yielder);
        });
        assert!(numbers.take(40).eq(0..40));
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn nothing_runs_before_it_is_asked_for() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut letters = Generator::new(STACK, move |yielder| {
            for letter in ["a", "b"] {
                inside.add(letter);
                yielder.yield_(letter);
            }
            inside.add("end");
        });
        assert_eq!((letters.size_hint(), trace.take()), ((0, None), vec![]));
        assert_eq!((letters.next(), trace.take()), (Some("a"), vec!["a".into()]));
        assert_eq!((letters.next(), trace.take()), (Some("b"), vec!["b".into()]));
        assert_eq!((letters.next(), trace.take()), (None, vec!["end".into()]));
        assert_eq!((letters.next(), letters.size_hint()), (None, (0, Some(0))));
    }

    fn a_stream_yields_between_waits() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut stream = AsyncGenerator::new(STACK, move |handle, yielder| {
            yielder.yield_(1);
            inside.add("waits");
            yielder.yield_(handle.embed(after_polls(2, 2)));
            // A ready future does not stop it.
            yielder.yield_(handle.embed(after_polls(0, 3)));
            handle.embed(after_polls(1, ()));
            inside.add("ends");
        });
        assert_eq!(stream.size_hint(), (0, None));
        assert_eq!(poll_next(&mut stream), Poll::Ready(Some(1)));
        assert_eq!(trace.take(), [""; 0]);
        assert_eq!(poll_next(&mut stream), Poll::Pending);
        assert_eq!(trace.take(), ["waits"]);
        assert_eq!(poll_next(&mut stream), Poll::Pending);
        assert_eq!(poll_next(&mut stream), Poll::Ready(Some(2)));
        assert_eq!(poll_next(&mut stream), Poll::Ready(Some(3)));
        assert_eq!(poll_next(&mut stream), Poll::Pending);
        assert!(!stream.is_terminated());
        assert_eq!((poll_next(&mut stream), trace.take()), (Poll::Ready(None), vec!["ends".into()]));
        assert!(stream.is_terminated());
        assert_eq!((poll_next(&mut stream), stream.size_hint()), (Poll::Ready(None), (0, Some(0))));
    }

    fn nobody_is_woken_for_a_value() {
        let waker = Arc::new(CountingWaker::default());
        let mut stream = AsyncGenerator::new(STACK, |handle, yielder| {
            yielder.yield_(1);
            handle.embed(after_polls(1, ()));
        });
        let as_waker = Waker::from(waker.clone());
        let mut context = Context::from_waker(&as_waker);
        assert_eq!(Pin::new(&mut stream).poll_next(&mut context), Poll::Ready(Some(1)));
        assert_eq!(waker.count(), 0);
        assert_eq!(Pin::new(&mut stream).poll_next(&mut context), Poll::Pending);
        assert_eq!(waker.count(), 1);
    }

    fn a_generator_that_is_dropped_ends_at_its_yield() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut numbers = Generator::new(STACK, move |yielder| {
            let _frame = Droppy(inside.clone(), "frame");
            assert_eq!(yielder.try_yield(Droppy(inside.clone(), "first")), Ok(()));
            assert_eq!(yielder.try_yield(Droppy(inside.clone(), "second")), Err(Cancelled));
            inside.add("cancelled");
            // This value will not be taken.
            assert_eq!(yielder.try_yield(Droppy(inside.clone(), "third")), Err(Cancelled));
        });
        drop(numbers.next());
        let second = numbers.next();
        assert_eq!(trace.take(), ["drop first"]);
        drop(numbers);
        assert_eq!(trace.take(), ["cancelled", "drop third", "drop frame"]);
        drop(second);
        assert_eq!((trace.take(), abandoned_coroutines()), (vec!["drop second".into()], 0));
    }

    fn a_stream_that_is_dropped_ends_at_its_wait() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut stream = AsyncGenerator::new(STACK, move |handle, yielder| {
            let _frame = Droppy(inside.clone(), "frame");
            let waited = handle.try_embed(after_polls(1, ()));
            inside.add(format!("{waited:?} {:?}", yielder.try_yield(1)));
        });
        assert!(poll_next(&mut stream).is_pending());
        drop(stream);
        assert_eq!(trace.take(), ["Err(Cancelled) Err(Cancelled)", "drop frame"]);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn a_generator_that_cannot_be_told_is_abandoned() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut numbers = Generator::new(STACK, move |yielder| {
            let _frame = Droppy(inside.clone(), "frame");
            insistently(|| yielder.yield_(1));
            inside.add("never reached");
        });
        assert_eq!(numbers.next(), Some(1));
        drop(numbers);
        assert_eq!((trace.take(), abandoned_coroutines()), (vec![], 1));
    }

    fn a_generator_that_was_not_asked_drops_its_closure() {
        let trace = Trace::default();
        let held = Droppy(trace.clone(), "closure");
        drop(Generator::new(STACK, move |yielder: Yielder<'_, u32>| {
            drop(held);
            yielder.yield_(1);
        }));
        assert_eq!((trace.take(), abandoned_coroutines()), (vec!["drop closure".into()], 0));
    }

    fn an_iterator_whose_closure_waits_panics() {
        let mut numbers = Generator::new(STACK, |yielder| {
            yielder.yield_(embed(after_polls(0, 1)));
            yielder.yield_(embed(after_polls(1, 2)));
        });
        assert_eq!(numbers.next(), Some(1));
        expect_trap(
            "cannot wait for a pending future in a `Generator`: use an `AsyncGenerator`, and \
             `handle.iter` to iterate over it",
        );
        let _ = numbers.next();
    }

    fn a_coroutine_inside_cannot_yield() {
        let numbers = Generator::new(STACK, |yielder| {
            let yielded = Cell::new(None);
            let inner = |_: CoreHandle<'_>| yielded.set(Some(yielder.try_yield(1)));
            // SAFETY: what it borrows outlives it, and it does not wait.
            run(unsafe { Coroutine::new_unchecked(4096, inner) });
            assert_eq!(yielded.get(), Some(Err(EmbedError::NotRunning)));
            yielder.yield_(2);
        });
        assert!(numbers.eq([2]));
    }

    fn a_coroutine_inside_that_yields_all_the_same_panics() {
        let mut numbers = Generator::new(STACK, |yielder| {
            // SAFETY: what it borrows outlives it, and it does not wait.
            run(unsafe { Coroutine::new_unchecked(4096, |_| yielder.yield_(1)) });
        });
        expect_trap("cannot embed outside a running coroutine");
        let _ = numbers.next();
    }

    fn a_generator_in_a_generator_yields_its_own() {
        let numbers = Generator::new(4 * STACK, |outer| {
            for ten in (0..3).map(|ten| 10 * ten) {
                let units = Generator::new(STACK, move |inner| {
                    (0..2).for_each(|unit| inner.yield_(ten + unit));
                });
                units.for_each(|number| outer.yield_(number));
            }
        });
        assert!(numbers.eq([0, 1, 10, 11, 20, 21]));
    }

    fn many_generators_take_turns() {
        let count = |from: usize| {
            Generator::new(STACK, move |yielder| {
                (from..from + 100).for_each(|number| yielder.yield_(number));
            })
        };
        let mut all: Vec<_> = (0..10).map(|index| count(100 * index)).collect();
        for step in 0..20 {
            for (index, numbers) in all.iter_mut().enumerate() {
                assert_eq!(numbers.next(), Some(100 * index + step));
            }
        }
    }

    fn a_generator_may_be_asked_where_a_coroutine_waits() {
        let coroutine = Coroutine::new(4 * STACK, |handle| {
            let numbers = Generator::new(STACK, |yielder| (1..=3).for_each(|n| yielder.yield_(n)));
            numbers.map(|number| handle.embed(after_polls(number, number))).sum::<usize>()
        });
        assert_eq!(run(coroutine), (7, 6));
    }

    fn a_future_inside_a_generator_may_yield() {
        // The whole stack is suspended, in the middle of the future's `poll`.
        let mut stream = AsyncGenerator::new(STACK, |handle, yielder| {
            handle.embed(async {
                after_polls(1, ()).await;
                yielder.yield_("between");
                after_polls(1, ()).await;
            });
        });
        // This waker equals its clones. With other wakers a future that yields is polled again.
        let waker = Waker::from(Arc::new(CountingWaker::default()));
        let mut context = Context::from_waker(&waker);
        let polls = [(); 4].map(|()| Pin::new(&mut stream).poll_next(&mut context));
        use Poll::{Pending, Ready};
        assert_eq!(polls, [Pending, Ready(Some("between")), Pending, Ready(None)]);
    }

    fn stacks_are_used_again() {
        let mut stack = Stack::painted(STACK);
        for round in 0..3 {
            let mut numbers = Generator::with_stack(stack, move |yielder| yielder.yield_(round));
            assert_eq!(numbers.next(), Some(round));
            assert!(numbers.stack_usage().total() < numbers.stack_size());
            let mut numbers = numbers.into_stack().expect_err("it has not ended");
            assert_eq!(numbers.next(), None);
            stack = numbers.into_stack().expect("it has ended");
            assert!(stack.high_water().is_some());
            let mut stream = AsyncGenerator::with_stack(stack, |_, y| y.yield_(1));
            assert_eq!(poll_next(&mut stream), Poll::Ready(Some(1)));
            assert!(stream.stack_usage().total() < stream.stack_size());
            let mut stream = stream.into_stack().expect_err("it has not ended");
            assert_eq!(poll_next(&mut stream), Poll::Ready(None));
            stack = stream.into_stack().expect("it has ended");
        }
    }

    fn a_generator_that_is_cancelled_gives_its_stack_back() {
        let seen = Rc::new(Cell::new(None));
        let inner = Rc::clone(&seen);
        let mut numbers = Generator::new(STACK, move |yielder| {
            let first = yielder.try_yield(1);
            inner.set(Some((first, yielder.try_yield(2))));
        });
        assert_eq!(numbers.next(), Some(1));
        numbers.cancel();
        assert_eq!(seen.take(), Some((Err(Cancelled), Err(Cancelled))));
        assert_eq!(numbers.next(), None);
        let stack = numbers.into_stack().expect("it has ended");

        let inner = Rc::clone(&seen);
        let mut stream = AsyncGenerator::with_stack(stack, move |handle, yielder| {
            yielder.yield_(1);
            let first = handle.try_embed(after_polls(1, ()));
            inner.set(Some((first, yielder.try_yield(2))));
        });
        assert_eq!(poll_next(&mut stream), Poll::Ready(Some(1)));
        assert_eq!(poll_next(&mut stream), Poll::Pending);
        stream.cancel();
        assert_eq!(seen.take(), Some((Err(Cancelled), Err(Cancelled))));
        assert_eq!(poll_next(&mut stream), Poll::Ready(None));
        let stack = stream.into_stack().expect("it has ended");

        // If it has not started, its closure is dropped.
        let inner = Rc::clone(&seen);
        let mut unused = Generator::with_stack(stack, move |yielder| {
            yielder.yield_(1);
            inner.set(None);
        });
        assert_eq!(Rc::strong_count(&seen), 2);
        unused.cancel();
        assert_eq!(Rc::strong_count(&seen), 1);
        assert_eq!(unused.next(), None);
    }

    fn boxed_ones_are_in_a_struct() {
        struct Sources {
            numbers: BoxGenerator<u32>,
            words: BoxAsyncGenerator<&'static str>,
            last: BoxCoroutine<u8>,
        }
        let mut sources = Sources {
            numbers: BoxGenerator::with_default_stack(Box::new(|yielder| {
                (0..3).for_each(|number| yielder.yield_(number));
            })),
            words: BoxAsyncGenerator::new(STACK, Box::new(|handle, yielder| {
                yielder.yield_(handle.embed(after_polls(1, "word")));
            })),
            last: BoxCoroutine::with_default_stack(Box::new(|handle| {
                handle.embed(after_polls(1, 7))
            })),
        };
        assert!(sources.numbers.by_ref().eq(0..3));
        assert_eq!(poll_next(&mut sources.words), Poll::Pending);
        assert_eq!(poll_next(&mut sources.words), Poll::Ready(Some("word")));
        assert_eq!(poll_next(&mut sources.words), Poll::Ready(None));
        assert_eq!(sources.last.stack_size(), DEFAULT_STACK_SIZE);
        assert_eq!(sources.numbers.stack_size(), DEFAULT_STACK_SIZE);
        assert_eq!(run(sources.last), (2, 7));
    }

    fn a_generator_may_borrow() {
        let words = String::from("some words here");
        // SAFETY: what it borrows outlives it.
        let parts = unsafe {
            Generator::new_unchecked(STACK, |yielder| {
                words.split(' ').for_each(|word| yielder.yield_(word));
            })
        };
        assert!(parts.eq(["some", "words", "here"]));
        let seen = Cell::new(0);
        let stack = Stack::new(STACK);
        // SAFETY: likewise.
        let mut stream = unsafe {
            AsyncGenerator::with_stack_unchecked(stack, |_, yielder| {
                yielder.yield_(&seen);
                seen.set(seen.get() + 1);
            })
        };
        assert_eq!(poll_next(&mut stream), Poll::Ready(Some(&Cell::new(0))));
        assert_eq!((poll_next(&mut stream), seen.get()), (Poll::Ready(None), 1));
    }

    fn values_may_be_large_or_nothing() {
        let mut large = Generator::new(4 * STACK, |yielder| {
            for value in 0..3u8 {
                yielder.yield_([value; 1000]);
            }
        });
        assert_eq!(large.next(), Some([0; 1000]));
        assert_eq!(large.last(), Some([2; 1000]));
        let nothing = Generator::new(STACK, |yielder| (0..7).for_each(|_| yielder.yield_(())));
        assert_eq!(nothing.count(), 7);
        let shared = Rc::new(());
        let inside = shared.clone();
        let clones = Generator::new(STACK, move |y| (0..3).for_each(|_| y.yield_(inside.clone())));
        assert_eq!(clones.map(|it| Rc::strong_count(&it)).collect::<Vec<_>>(), [3, 3, 3]);
        assert_eq!(Rc::strong_count(&shared), 1);
    }

    fn waiting_ends_when_a_stream_is_dropped_by_who_iterates() {
        let mut coroutine = Coroutine::new(4 * STACK, |handle| {
            let stream = AsyncGenerator::new(STACK, |_, yielder| {
                while try_embed(after_polls(1, ())).is_ok() && yielder.try_yield(1).is_ok() {}
            });
            handle.try_iter(stream).filter_map(Result::ok).sum::<u32>()
        });
        for _ in 0..4 {
            assert!(poll_once(&mut coroutine).is_pending());
        }
        assert_eq!((coroutine.cancel(), abandoned_coroutines()), (Some(3), 0));
    }
}
