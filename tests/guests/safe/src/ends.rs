//! Coroutines that end at odd times: in their own poll, in a destructor, while a buffer is borrowed.

use bysyncify::{Coroutine, EmbedError, Generator, abandoned_coroutines, embed, try_embed};
use guest_support::{Trace, after_polls, poll_once, run, tests};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::io::{self, Read};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

type Slot = Rc<RefCell<Option<Pin<Box<dyn Future<Output = u32>>>>>>;

tests! {
    fn it_is_dropped_in_its_own_poll() {
        let slot: Slot = Rc::new(RefCell::new(None));
        let trace = Trace::default();
        let (shared, inside) = (slot.clone(), trace.clone());
        *slot.borrow_mut() = Some(Box::pin(Coroutine::new(65536, move |_| {
            embed(poll_fn(|_| {
                inside.add(format!("taken: {}", shared.try_borrow_mut().is_ok()));
                Poll::Ready(())
            }));
            1
        })));
        let mut context = Context::from_waker(Waker::noop());
        let polled = slot.borrow_mut().as_mut().map(|it| it.as_mut().poll(&mut context));
        assert_eq!(polled, Some(Poll::Ready(1)));
        assert_eq!(trace.take(), ["taken: false"]);
    }

    fn a_destructor_waits_while_it_is_cancelled() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut coroutine = Coroutine::new(65536, move |_| {
            let _on_drop = OnDrop(|| {
                inside.add("begins");
                embed(after_polls(1, ()));
                inside.add("ends");
            });
            let _ = try_embed(after_polls(9, ()));
        });
        assert!(poll_once(&mut coroutine).is_pending());
        drop(coroutine);
        assert_eq!(trace.take(), ["begins"]);
        assert_eq!(abandoned_coroutines(), 1);
    }

    fn the_destructor_of_a_closure_that_never_ran_waits_in_another() {
        let trace = Trace::default();
        let inside = trace.clone();
        let outer = Coroutine::new(65536, move |_| {
            let on_drop = OnDrop(move || inside.add(format!("{:?}", try_embed(after_polls(2, 5)))));
            drop(Coroutine::new(65536, move |_| drop(on_drop)));
            4
        });
        assert_eq!(run(outer), (3, 4));
        assert_eq!(trace.take(), ["Ok(5)"]);
    }

    /// `read_to_string` stores the bytes in the string before it has checked that they are UTF-8.
    fn a_string_that_is_being_read_stays_borrowed() {
        struct Reader(u32);
        impl Read for Reader {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 == 1 {
                    buffer[0] = 0xff;
                    return Ok(1);
                }
                try_embed(pending::<()>()).map_err(io::Error::other)?;
                Ok(0)
            }
        }
        let text = Rc::new(RefCell::new(String::new()));
        let inside = text.clone();
        let mut coroutine = Coroutine::new(65536, move |_| {
            Reader(0).read_to_string(&mut inside.borrow_mut()).map_err(|error| error.kind())
        });
        assert!(poll_once(&mut coroutine).is_pending());
        assert!(text.try_borrow().is_err());
        assert_eq!(coroutine.cancel(), Some(Err(io::ErrorKind::Other)));
        assert_eq!(text.borrow().as_str(), "");
        let inside = text.clone();
        let mut coroutine = Coroutine::new(65536, move |_| {
            Reader(0).read_to_string(&mut inside.borrow_mut()).map_err(|error| error.kind())
        });
        assert!(poll_once(&mut coroutine).is_pending());
        std::mem::forget(coroutine);
        assert!(text.try_borrow().is_err());
    }

    fn a_loop_that_goes_on_after_an_error() {
        let mut coroutine = Coroutine::new(65536, |_| {
            let mut errors = 0;
            while try_embed(pending::<()>()) == Err(EmbedError::Cancelled) && errors < 5 {
                errors += 1;
            }
            errors
        });
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(coroutine.cancel(), Some(5));
        assert_eq!(abandoned_coroutines(), 0);
    }

    fn a_generator_in_a_generator_and_one_that_is_dropped() {
        let trace = Trace::default();
        let inside = trace.clone();
        let mut outer = Generator::new(65536, move |yielder| {
            let mut inner = Generator::new(65536, |yielder| yielder.yield_(1));
            inside.add(format!("inner {:?}", inner.next()));
            yielder.yield_(7);
            inside.add(format!("inner {:?}", inner.next()));
        });
        assert_eq!([(); 3].map(|()| outer.next()), [Some(7), None, None]);
        assert_eq!(trace.take(), ["inner Some(1)", "inner None"]);

        let inside = trace.clone();
        let mut dropped = Generator::new(65536, move |yielder| {
            let _on_drop = OnDrop(|| inside.add(format!("{:?}", yielder.try_yield(2))));
            let _ = yielder.try_yield(1);
        });
        assert_eq!(dropped.next(), Some(1));
        drop(dropped);
        assert_eq!(trace.take(), ["Err(Cancelled)"]);
    }
}
