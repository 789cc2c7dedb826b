//! Destructors that run during a panic's unwinding: they cannot wait, and must not panic.

use std::io::{self, BufWriter, Write};
use std::task::Poll;

use bysyncify::{Coroutine, abandoned_coroutines, can_embed, embed, try_embed};
use guest_support::{Trace, after_polls, expect_trap, poll_once, run, tell_all_messages, tests};

use crate::caught;
use crate::destructors::OnDrop;

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

/// Expects these panics, and std's message after the second.
fn expect_end(messages: &str) {
    tell_all_messages();
    let last = match cfg!(target_family = "wasm") {
        true => "panic in a function that cannot unwind",
        false => "panic in a destructor during cleanup",
    };
    expect_trap(&format!("{messages} | {last}"));
}

tests! {
    fn a_destructor_that_panics_during_a_panic_ends_the_program() {
        let mut coroutine = Coroutine::new(65_536, |_| {
            let _panics = OnDrop(|| panic!("second"));
            panic!("first")
        });
        expect_end("first | second");
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
            // Without a panic, buffered data is written when the buffer is dropped.
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
        expect_end(
            "x | cannot embed in a destructor that runs because of a panic: wait there with \
             `try_embed`, and go on without",
        );
        let _: Poll<()> = poll_once(&mut coroutine);
    }
}
