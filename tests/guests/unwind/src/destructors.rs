//! Destructors that panic, and a destructor that waits.

use bysyncify::{Coroutine, try_embed};
use guest_support::{Trace, after_polls, poll_once, run, tests};

use crate::caught;

/// Calls a function when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
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
