//! Panics out of destructors and wakers, and destructors that run because of a panic.

use std::io::{self, BufWriter, Write};
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use bysyncify::{Coroutine, abandoned_coroutines, can_embed, embed, try_embed};
use guest_support::{Droppy, Trace, after_polls, expect_trap, poll_once, run, tests};

use crate::caught;

/// Calls a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A writer that waits for each write.
struct Waits(Trace);

impl Write for Waits {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        try_embed(after_polls(1, ()))?;
        self.0.add(String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

tests! {
    fn a_closure_that_was_not_called_panics_when_it_is_dropped() {
        let trace = Trace::default();
        let log = trace.clone();
        let on_drop = OnDrop(|| panic!("closure's drop"));
        let coroutine = Coroutine::new(16_384, move |_| {
            let _ = (&on_drop, &log);
        });
        assert_eq!(caught(|| drop(coroutine)), Some("closure's drop".into()));
        let on_drop = OnDrop(|| panic!("closure's drop"));
        let mut coroutine = Coroutine::new(16_384, move |_| {
            let _ = &on_drop;
        });
        assert_eq!(caught(|| { let _ = coroutine.cancel(); }), Some("closure's drop".into()));
        let again = "cannot poll a coroutine after it has finished";
        assert_eq!(caught(|| { let _ = poll_once(&mut coroutine); }), Some(again.into()));
    }

    fn a_waker_that_panics_when_it_is_dropped() {
        fn clone(_: *const ()) -> RawWaker {
            RawWaker::new(std::ptr::null(), &TABLE)
        }
        static TABLE: RawWakerVTable =
            RawWakerVTable::new(clone, |_| (), |_| (), |_| panic!("waker's drop"));
        // SAFETY: it has no data, and any of its functions may be called at any time.
        let waker = ManuallyDrop::new(unsafe { Waker::from_raw(clone(std::ptr::null())) });
        let trace = Trace::default();
        let log = trace.clone();
        let mut coroutine = Coroutine::new(65_536, move |_| {
            let _droppy = Droppy(log.clone(), "local");
            embed(after_polls(1, ()));
            log.add("never");
        });
        // The first clone that it drops, whenever that is.
        let mut poll = || {
            let _ = Pin::new(&mut coroutine).poll(&mut Context::from_waker(&waker));
        };
        assert_eq!(caught(&mut poll), Some("waker's drop".into()));
        assert_eq!(trace.take(), ["drop local"]);
        let again = "cannot poll a coroutine after it has panicked";
        assert_eq!(caught(poll), Some(again.into()));
        drop(coroutine);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn a_waker_that_panics_when_it_is_cloned() {
        const TABLE: RawWakerVTable =
            RawWakerVTable::new(|_| panic!("waker's clone"), |_| (), |_| (), |_| ());
        // SAFETY: it has no data, and any of its functions may be called at any time.
        let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) };
        let mut coroutine = Coroutine::new(65_536, |_| {
            let message = caught(|| embed(after_polls(1, ())));
            (message, can_embed())
        });
        let polled = Pin::new(&mut coroutine).poll(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Ready((Some("waker's clone".into()), true)));
    }

    fn a_destructor_that_panics_during_a_panic_ends_the_program() {
        let mut coroutine = Coroutine::new(65_536, |_| {
            let _panics = OnDrop(|| panic!("second"));
            panic!("first")
        });
        expect_trap("panic in a function that cannot unwind");
        let _: Poll<()> = poll_once(&mut coroutine);
    }

    fn a_destructor_cannot_wait_during_a_panic_and_afterwards_all_is_well() {
        let trace = Trace::default();
        let log = trace.clone();
        let coroutine = Coroutine::new(65_536, move |_| {
            let inner_log = log.clone();
            let message = caught(move || {
                let _waits = OnDrop(move || {
                    inner_log.add(format!("{} {:?}", can_embed(), try_embed(after_polls(2, ()))));
                });
                embed(after_polls(1, ()));
                panic!("x")
            });
            (message, can_embed(), embed(after_polls(1, 5)))
        });
        assert_eq!(run(coroutine), (3, (Some("x".into()), true, 5)));
        assert_eq!(trace.take(), ["false Err(NotRunning)"]);
    }

    fn a_destructor_of_a_cancelled_coroutine_cannot_wait() {
        let trace = Trace::default();
        let log = trace.clone();
        let mut coroutine = Coroutine::new(65_536, move |_| {
            let _waits = OnDrop(move || log.add(format!("{:?}", try_embed(after_polls(2, ())))));
            embed(after_polls(9, ()));
        });
        assert!(poll_once(&mut coroutine).is_pending());
        drop(coroutine);
        assert_eq!(trace.take(), ["Err(NotRunning)"]);
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn a_buffer_over_a_writer_that_waits_does_without() {
        let written = Trace::default();
        let sink = written.clone();
        let coroutine = Coroutine::new(65_536, move |_| {
            let message = caught(|| {
                let mut writer = BufWriter::new(Waits(sink.clone()));
                writer.write_all(b"flushed").and_then(|()| writer.flush()).expect("no panic yet");
                writer.write_all(b"lost").expect("there is room");
                panic!("x")
            });
            // Without a panic what is buffered is written when the buffer is dropped.
            BufWriter::new(Waits(sink)).write_all(b"dropped").expect("there is room");
            message
        });
        assert_eq!(run(coroutine), (3, Some("x".into())));
        assert_eq!(written.take(), ["flushed", "dropped"]);
    }

    fn a_destructor_that_waits_with_embed_during_a_panic_ends_the_program() {
        let mut coroutine = Coroutine::new(65_536, |_| {
            let _waits = OnDrop(|| embed(after_polls(1, ())));
            panic!("x")
        });
        // The message before says what was wrong.
        expect_trap("panic in a function that cannot unwind");
        let _: Poll<()> = poll_once(&mut coroutine);
    }

    fn a_destructor_waits_when_there_is_no_panic() {
        let trace = Trace::default();
        let log = trace.clone();
        let coroutine = Coroutine::new(65_536, move |_| {
            let _waits = OnDrop(move || log.add(format!("{:?}", try_embed(after_polls(2, ())))));
        });
        assert_eq!(run(coroutine), (3, ()));
        assert_eq!(trace.take(), ["Ok(())"]);
    }
}
