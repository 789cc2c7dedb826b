//! Streams as iterators: when they wait, when they end, and what happens after a cancellation.

use bysyncify::{
    AsyncGenerator, Cancelled, Coroutine, EmbedError, abandoned_coroutines, iter, try_iter,
};
use futures_core::Stream;
use guest_support::{Droppy, Trace, expect_trap, insistently, poll_once, run, tests};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

const STACK: usize = 16384;

/// Counts up to a number. Pending before each item and before the end. Panics after the end, as streams may.
struct Count {
    next: u32,
    to: u32,
    is_ready: bool,
    /// Nothing is pinned here, but in general a stream cannot be moved.
    _held: Option<Droppy>,
}

impl Count {
    fn to(to: u32) -> Self {
        Self { next: 0, to, is_ready: false, _held: None }
    }
}

impl Stream for Count {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<u32>> {
        self.is_ready = !self.is_ready;
        if self.is_ready {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        assert!(self.next <= self.to, "polled after its end");
        self.next += 1;
        Poll::Ready(Some(self.next - 1).filter(|item| *item < self.to))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let rest = self.to.saturating_sub(self.next) as usize;
        (rest, Some(rest))
    }
}

/// The same, but it cannot be moved once it was polled.
fn immovable(to: u32) -> impl Stream<Item = u32> {
    struct Immovable(Count, std::marker::PhantomPinned);
    impl Stream for Immovable {
        type Item = u32;
        fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<u32>> {
            // SAFETY: nothing is moved, and nothing in it minds.
            Pin::new(unsafe { &mut self.get_unchecked_mut().0 }).poll_next(cx)
        }
    }
    Immovable(Count::to(to), std::marker::PhantomPinned)
}

tests! {
    fn a_stream_is_an_iterator() {
        // Polled once for each item and once for the end, and suspended before each.
        let coroutine = Coroutine::new(STACK, |handle| handle.iter(Count::to(3)).collect());
        assert_eq!(run(coroutine), (5, vec![0, 1, 2]));
        let coroutine = Coroutine::new(STACK, |_| iter(Count::to(3)).collect());
        assert_eq!(run(coroutine), (5, vec![0, 1, 2]));
    }

    fn a_stream_may_be_pinned_or_lent() {
        let coroutine = Coroutine::new(STACK, |handle| {
            let on_stack = pin!(immovable(2));
            let sum = handle.iter(on_stack).sum::<u32>();
            let boxed = sum + iter(Box::pin(immovable(3))).sum::<u32>();
            let mut lent = Count::to(5);
            let first = handle.iter(&mut lent).next();
            let rest = handle.iter(lent).collect::<Vec<_>>();
            (boxed, first, rest)
        });
        assert_eq!(run(coroutine).1, (4, Some(0), vec![1, 2, 3, 4]));
    }

    fn what_is_left_of_a_stream_can_be_had_back() {
        let coroutine = Coroutine::new(STACK, |handle| {
            let mut numbers = handle.iter(Count::to(3));
            assert_eq!((numbers.size_hint(), numbers.next()), ((3, Some(3)), Some(0)));
            let mut numbers = handle.try_iter(numbers.into_inner());
            assert_eq!((numbers.size_hint(), numbers.next()), ((1, Some(3)), Some(Ok(1))));
            numbers.into_inner().size_hint()
        });
        assert_eq!(run(coroutine).1, (1, Some(1)));
    }

    fn a_stream_is_not_polled_after_its_end() {
        let coroutine = Coroutine::new(STACK, |handle| {
            let mut numbers = handle.iter(Count::to(0));
            assert_eq!([numbers.next(), numbers.next(), numbers.next()], [None; 3]);
            assert_eq!(numbers.size_hint(), (0, Some(0)));
            let mut numbers = try_iter(Count::to(0));
            assert_eq!([numbers.next(), numbers.next(), numbers.next()], [None; 3]);
            assert_eq!(numbers.size_hint(), (0, Some(0)));
        });
        run(coroutine);
    }

    fn a_cancelled_iterator_ends_with_an_error() {
        let mut coroutine = Coroutine::new(STACK, |handle| {
            let mut numbers = handle.try_iter(Count::to(9));
            let items: Vec<_> = numbers.by_ref().collect();
            // The iterator ends, although the stream has more items.
            assert_eq!((numbers.size_hint(), numbers.next()), ((0, Some(0)), None));
            items
        });
        for _ in 0..3 {
            assert!(poll_once(&mut coroutine).is_pending());
        }
        let items = vec![Ok(0), Ok(1), Err(Cancelled)];
        assert_eq!(coroutine.cancel(), Some(items));
    }

    fn whoever_skips_errors_comes_to_an_end() {
        let mut coroutine = Coroutine::new(STACK, |_| {
            try_iter(Count::to(9)).filter_map(Result::ok).collect()
        });
        for _ in 0..3 {
            assert!(poll_once(&mut coroutine).is_pending());
        }
        assert_eq!(coroutine.cancel(), Some(vec![0, 1]));
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn an_iterator_without_errors_is_abandoned() {
        let trace = Trace::default();
        let held = Droppy(trace.clone(), "stream");
        let mut coroutine = Coroutine::new(STACK, |handle| {
            let mut items = handle.iter(Count { _held: Some(held), ..Count::to(9) });
            insistently(|| {
                let sum = items.by_ref().sum::<u32>();
                handle.embed(std::future::pending::<()>());
                sum
            })
        });
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!((coroutine.cancel(), abandoned_coroutines()), (None, 1));
        // It is on the stack, which is kept unchanged.
        assert_eq!(trace.take(), [""; 0]);
    }

    fn iterating_outside_a_coroutine_panics() {
        expect_trap("cannot embed outside a running coroutine");
        let _ = iter(Count::to(1)).next();
    }

    fn trying_to_iterate_outside_a_coroutine_is_an_error() {
        let items: Vec<_> = try_iter(Count::to(1)).collect();
        assert_eq!(items, [Err(EmbedError::NotRunning)]);
    }

    fn a_stream_of_one_coroutine_is_an_iterator_in_another() {
        let coroutine = Coroutine::new(STACK, |handle| {
            let doubled = AsyncGenerator::new(STACK, |handle, yielder| {
                for number in handle.iter(Count::to(4)) {
                    yielder.yield_(2 * number);
                }
            });
            handle.iter(doubled).collect()
        });
        assert_eq!(run(coroutine), (6, vec![0, 2, 4, 6]));
    }
}
