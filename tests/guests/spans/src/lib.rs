//! Logs of coroutines that take turns, as `tracing-subscriber` prints them: each line with the spans that it is in.
//!
//! Not where each coroutine is a thread, because a thread has spans of its own.
#![cfg(not(bysyncify_threads))]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use bysyncify::{AsyncGenerator, Coroutine, Generator, RawCoroutine, embed, try_embed};
use guest_support::{after_polls, poll_once, tests};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Span, info, info_span};

/// The printed text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic holds it").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Makes a log that gets all output for as long as the guard is alive.
    fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().without_time().with_level(false).with_target(false);
        let lines = lines.with_ansi(false).with_writer(move || writer.clone());
        (log, set_default(lines.finish()))
    }

    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().expect("no panic holds it"));
        String::from_utf8(bytes)
            .expect("a text")
            .lines()
            .map(|line| line.trim().to_owned())
            .collect()
    }
}

/// Logs a line before and after a wait.
fn works() {
    info!("begins");
    embed(after_polls(1, ()));
    info!("goes on");
}

/// The same, all of it in a span of its own.
fn works_in_a_span(number: u32) {
    let _guard = info_span!("request", number).entered();
    works();
}

tests! {
    fn what_is_waited_for_is_told_in_every_build() {
        struct Named;
        impl Future for Named {
            type Output = ();
            fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<()> {
                std::task::Poll::Pending
            }
        }
        let mut waits = Coroutine::new(131072, |_| try_embed(Named)).named("waits");
        let mut lends = Coroutine::new(131072, |_| try_embed(&mut std::pin::pin!(after_polls(1, ())))).named("lends");
        assert!(poll_once(&mut waits).is_pending() && poll_once(&mut lends).is_pending());
        let dump = bysyncify::dump();
        let [first, second] = dump.coroutines() else { panic!("{dump}") };
        assert!(first.waits_for().is_some_and(|name| name.ends_with("::Named")), "{dump}");
        assert!(second.waits_for().is_some_and(|name| name.starts_with("&mut core::pin::Pin<")), "{dump}");
    }

    fn lines_of_coroutines_that_take_turns_are_in_their_own_spans() {
        let (log, _guard) = Log::start();
        let mut a = Coroutine::new(131072, |_| works()).named("a");
        let mut b = Coroutine::new(131072, |_| works()).named(String::from("b"));
        for _ in 0..2 {
            let _ = poll_once(&mut a);
            info!("between");
            let _ = poll_once(&mut b);
        }
        info!("after");
        assert_eq!(log.take(), [
            "coroutine{name=\"a\"}: begins",
            "between",
            "coroutine{name=\"b\"}: begins",
            "coroutine{name=\"a\"}: goes on",
            "between",
            "coroutine{name=\"b\"}: goes on",
            "after",
        ]);
    }

    fn guards_that_are_alive_across_a_wait_hold_for_their_coroutine_only() {
        let (log, _guard) = Log::start();
        let run = |number| move |_: bysyncify::CoreHandle<'_>| {
            let _guard = info_span!("job").entered();
            works_in_a_span(number);
            info!("outside");
        };
        let mut a = Coroutine::new(131072, run(1)).named("a");
        let mut b = Coroutine::new(131072, run(2)).named("b");
        for _ in 0..2 {
            let _ = poll_once(&mut a);
            info!("between");
            let _ = poll_once(&mut b);
        }
        info!("after");
        assert_eq!(log.take(), [
            "coroutine{name=\"a\"}:job:request{number=1}: begins",
            "between",
            "coroutine{name=\"b\"}:job:request{number=2}: begins",
            "coroutine{name=\"a\"}:job:request{number=1}: goes on",
            "coroutine{name=\"a\"}:job: outside",
            "between",
            "coroutine{name=\"b\"}:job:request{number=2}: goes on",
            "coroutine{name=\"b\"}:job: outside",
            "after",
        ]);
    }

    fn without_a_name_they_hold_for_whoever_runs() {
        // The problem that the documentation of `in_span` describes.
        let (log, _guard) = Log::start();
        let mut a = Coroutine::new(131072, |_| works_in_a_span(1));
        let _ = poll_once(&mut a);
        info!("between");
        let _ = poll_once(&mut a);
        info!("after");
        assert_eq!(log.take(), [
            "request{number=1}: begins",
            "request{number=1}: between",
            "request{number=1}: goes on",
            "after",
        ]);
    }

    fn spans_of_ones_own_and_in_each_other() {
        let (log, _guard) = Log::start();
        let mut outer = Coroutine::new(262144, |_| {
            let _guard = info_span!("job").entered();
            let mut inner = Coroutine::new(131072, |_| works_in_a_span(7)).named("inner");
            assert!(poll_once(&mut inner).is_pending());
            info!("between");
            embed(after_polls(1, ()));
            // Enters the current span once more.
            let _again = Span::current().entered();
            embed(after_polls(1, ()));
            assert!(poll_once(&mut inner).is_ready());
            info!("end");
        }).in_span(info_span!("worker", number = 3));
        assert_eq!(bysyncify::dump().coroutines()[0].name(), "worker");
        for _ in 0..3 {
            let _ = poll_once(&mut outer);
            info!("outside");
        }
        assert_eq!(log.take(), [
            "worker{number=3}:job:coroutine{name=\"inner\"}:request{number=7}: begins",
            "worker{number=3}:job: between",
            "outside",
            "outside",
            "worker{number=3}:job:coroutine{name=\"inner\"}:request{number=7}: goes on",
            "worker{number=3}:job: end",
            "outside",
        ]);
    }

    fn who_polls_may_be_in_the_same_span_or_the_coroutine_enters_it_again() {
        let (log, _guard) = Log::start();
        let span = info_span!("shared");
        let own = span.clone();
        let mut a = Coroutine::new(131072, move |_| {
            let _guard = own.entered();
            works();
        }).in_span(span.clone());
        let _ = poll_once(&mut a);
        info!("between");
        span.in_scope(|| {
            assert!(poll_once(&mut a).is_ready());
            info!("still");
        });
        info!("after");
        assert_eq!(log.take(), ["shared: begins", "between", "shared: goes on", "shared: still", "after"]);
    }

    fn cancelling_and_dropping_run_in_the_span() {
        let (log, _guard) = Log::start();
        let cancelled = || Coroutine::new(131072, |_| {
            let _guard = info_span!("inside").entered();
            let _ = try_embed(after_polls(9, ()));
            info!("cancelled");
        }).named("a");
        let mut a = cancelled();
        assert!(poll_once(&mut a).is_pending());
        assert!(a.cancel().is_some());
        let mut a = cancelled();
        assert!(poll_once(&mut a).is_pending());
        drop(a);
        info!("after");
        let line = "coroutine{name=\"a\"}:inside: cancelled";
        assert_eq!(log.take(), [line, line, "after"]);
    }

    fn generators_and_memory_of_ones_own() {
        let (log, _guard) = Log::start();
        let mut numbers = Generator::new(131072, |yielder| {
            let _guard = info_span!("inside").entered();
            info!("one");
            let _ = yielder.try_yield(1);
            info!("two");
        }).named("numbers");
        assert_eq!(numbers.next(), Some(1));
        info!("between");
        assert_eq!(numbers.next(), None);
        let stream = AsyncGenerator::new(131072, |_, _: bysyncify::Yielder<'_, u32>| ()).in_span(info_span!("stream"));
        drop(stream);
        let memory = vec![std::mem::MaybeUninit::uninit(); 131072].leak();
        let mut raw = RawCoroutine::new(memory, |_| works()).in_span(info_span!("raw")).named("again");
        for _ in 0..2 {
            let _ = poll_once(&mut raw);
            info!("between");
        }
        assert_eq!(log.take(), [
            "coroutine{name=\"numbers\"}:inside: one",
            "between",
            "coroutine{name=\"numbers\"}:inside: two",
            "coroutine{name=\"again\"}: begins",
            "between",
            "coroutine{name=\"again\"}: goes on",
            "between",
        ]);
    }
}

/// Natively, where panics unwind.
#[cfg(test)]
mod unwinding {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::Relaxed;
    use std::task::Poll;

    use tracing::span::{Attributes, Record};
    use tracing::{Event, Id, Metadata, Subscriber};

    use super::*;

    /// Panics when a span is closed, or is entered for the first time.
    struct Panics {
        when_closed: bool,
        when_entered: AtomicBool,
    }

    impl Subscriber for Panics {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn exit(&self, _: &Id) {}

        fn enter(&self, _: &Id) {
            assert!(!self.when_entered.swap(false, Relaxed), "entered");
        }

        fn try_close(&self, _: Id) -> bool {
            assert!(!self.when_closed, "closed");
            true
        }
    }

    /// The span of a coroutine is closed when the coroutine ends, outside of any coroutine.
    #[test]
    fn a_subscriber_that_panics_leaves_the_outer_coroutine_current() {
        let mut outer = Coroutine::new(131072, |_| {
            let polled = catch_unwind(AssertUnwindSafe(|| {
                let when_entered = AtomicBool::new(false);
                let _guard = set_default(Panics { when_closed: true, when_entered });
                // Never polled, so nothing else has a share of its span.
                Coroutine::new(131072, |_| ()).named("inner").cancel()
            }));
            let payload = polled.expect_err("the subscriber panics");
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"closed"));
            embed(after_polls(1, 7))
        });
        assert!(poll_once(&mut outer).is_pending());
        assert_eq!(poll_once(&mut outer), Poll::Ready(7));
    }

    /// The span is entered before anything of the generator has changed.
    #[test]
    fn a_generator_starts_after_its_subscriber_has_panicked() {
        let panics = Panics { when_closed: false, when_entered: AtomicBool::new(true) };
        let _guard = set_default(panics);
        let mut numbers = Generator::new(131072, |yielder| yielder.yield_(7)).named("numbers");
        let first = catch_unwind(AssertUnwindSafe(|| numbers.next()));
        assert_eq!(first.unwrap_err().downcast_ref::<&str>(), Some(&"entered"));
        assert_eq!(numbers.next(), Some(7));
        assert_eq!(numbers.next(), None);
    }
}
