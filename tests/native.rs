//! What is so natively, and not in WebAssembly as it usually is, where panics abort: without the feature
//! `std`, which a native program does not need for it. The rest of the library's behaviour is tested by the
//! guests, natively as well.
#![cfg(not(target_family = "wasm"))]

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

use bysyncify::raw::RawCoroutine;
use bysyncify::{
    BacktraceStatus, BoxCoroutine, Coroutine, Generator, Stack, abandoned_coroutines, can_embed,
    embed, stack_left,
};

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending once.
fn yield_now() -> impl Future<Output = ()> {
    let mut is_pending = true;
    std::future::poll_fn(move |_| {
        if std::mem::take(&mut is_pending) { Poll::Pending } else { Poll::Ready(()) }
    })
}

/// Counts how often it is dropped.
struct Counts(Rc<Cell<u32>>);

impl Drop for Counts {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn a_dropped_coroutine_is_unwound() {
    let dropped = Rc::new(Cell::new(0));
    let (outer, inner) = (Counts(dropped.clone()), Counts(dropped.clone()));
    let mut coroutine = Coroutine::new(4096, move |_| {
        let _outer = outer;
        embed(async move {
            let _inner = inner;
            pending::<()>().await;
        });
        unreachable!("it is cancelled");
    });
    assert!(poll(&mut coroutine).is_pending());
    assert_eq!(dropped.get(), 0);
    drop(coroutine);
    assert_eq!(dropped.get(), 2);
}

#[test]
fn a_generator_that_is_dropped_early_is_unwound() {
    let dropped = Rc::new(Cell::new(0));
    let held = Counts(dropped.clone());
    let numbers = Generator::with_default_stack(move |yielder| {
        let _held = held;
        for number in 0.. {
            yielder.yield_(number);
        }
    });
    assert_eq!(numbers.take(3).sum::<u32>(), 3);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_panic_reaches_whoever_polls() {
    let dropped = Rc::new(Cell::new(0));
    let held = Counts(dropped.clone());
    let mut coroutine = Coroutine::new(4096, move |_| {
        let _held = held;
        embed(yield_now());
        std::panic::resume_unwind(Box::new(7_u32));
    });
    assert!(poll(&mut coroutine).is_pending());
    let payload = catch_unwind(AssertUnwindSafe(|| poll(&mut coroutine).is_ready())).unwrap_err();
    assert_eq!((payload.downcast_ref(), dropped.get()), (Some(&7_u32), 1));
    assert!(!can_embed());
}

#[test]
fn who_catches_the_unwinding_and_waits_again_is_abandoned() {
    let dropped = Rc::new(Cell::new(0));
    let held = Counts(dropped.clone());
    let mut coroutine = Coroutine::new(4096, move |_| {
        let _held = held;
        let caught = catch_unwind(|| embed(pending::<()>()));
        std::mem::forget(caught);
        embed(pending::<()>());
    });
    assert!(poll(&mut coroutine).is_pending());
    let before = abandoned_coroutines();
    drop(coroutine);
    assert_eq!((abandoned_coroutines(), dropped.get()), (before + 1, 0));
}

#[test]
fn one_that_is_dropped_while_a_panic_unwinds_is_unwound_as_well() {
    let dropped = Rc::new(Cell::new(0));
    let held = Counts(dropped.clone());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut coroutine = Coroutine::new(4096, move |_| {
            let _held = held;
            embed(pending::<()>());
        });
        assert!(poll(&mut coroutine).is_pending());
        std::panic::resume_unwind(Box::new("outer"));
    }));
    assert_eq!(result.unwrap_err().downcast_ref(), Some(&"outer"));
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_coroutine_drops_others_while_it_is_dropped() {
    let dropped = Rc::new(Cell::new(0));
    let (one, other) = (Counts(dropped.clone()), Counts(dropped.clone()));
    let mut inner = Coroutine::new(4096, move |_| {
        let _one = one;
        embed(pending::<()>());
    });
    assert!(poll(&mut inner).is_pending());
    let mut outer = Coroutine::new(4096, move |_| {
        let _other = other;
        let _inner = inner;
        embed(pending::<()>());
    });
    assert!(poll(&mut outer).is_pending());
    drop(outer);
    assert_eq!(dropped.get(), 2);
}

#[test]
fn each_thread_has_its_own_innermost_coroutine() {
    let (started, wait_for_start) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let mut coroutine = Coroutine::new(4096, move |_| {
            started.send(can_embed()).unwrap();
            wait.recv().unwrap();
            embed(yield_now());
            can_embed()
        });
        assert!(poll(&mut coroutine).is_pending());
        matches!(poll(&mut coroutine), Poll::Ready(true))
    });
    assert!(wait_for_start.recv().unwrap());
    assert!(!can_embed());
    assert!(matches!(poll(&mut Coroutine::new(4096, |_| can_embed())), Poll::Ready(true)));
    go_on.send(()).unwrap();
    assert!(thread.join().unwrap());
}

#[test]
fn one_in_a_thread_local_is_unwound_when_its_thread_ends() {
    thread_local! {
        static KEPT: RefCell<Option<BoxCoroutine<()>>> = const { RefCell::new(None) };
    }
    struct Tells(mpsc::Sender<&'static str>);
    impl Drop for Tells {
        fn drop(&mut self) {
            self.0.send("dropped").unwrap();
        }
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut coroutine: BoxCoroutine<()> = Coroutine::with_default_stack(Box::new(move |_| {
            let _tells = Tells(sender);
            embed(pending::<()>());
        }));
        assert!(poll(&mut coroutine).is_pending());
        KEPT.set(Some(coroutine));
    })
    .join()
    .unwrap();
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["dropped"]);
}

#[test]
fn code_that_takes_much_runs_on_a_stack_that_is_small_in_webassembly() {
    fn depth(left: usize) -> usize {
        let filled = std::hint::black_box([left; 64]);
        if left == 0 { 0 } else { 1 + depth(left - 1) + filled[3] - filled[60] }
    }
    // 600 bytes or so, 150 times.
    assert!(matches!(poll(&mut Coroutine::new(512, |_| depth(150))), Poll::Ready(150)));
}

#[test]
fn many_are_suspended_at_a_time() {
    let mut coroutines: Vec<_> = (0..5_000_u32)
        .map(|number| {
            Coroutine::new(4096, move |_| {
                embed(yield_now());
                number
            })
        })
        .collect();
    assert!(coroutines.iter_mut().all(|it| poll(it).is_pending()));
    let sum: u32 = coroutines
        .iter_mut()
        .map(|it| match poll(it) {
            Poll::Ready(number) => number,
            Poll::Pending => unreachable!("it was pending once"),
        })
        .sum();
    assert_eq!(sum, 5_000 * 4_999 / 2);
}

// AddressSanitizer has locals elsewhere.
#[cfg(not(bysyncify_asan))]
#[test]
fn a_coroutine_without_room_for_it_is_not_asked_for_a_trace() {
    /// Waits when no more than so many bytes of the stack are left.
    fn wait_with(left: usize) {
        let taken = std::hint::black_box([0_u8; 512]);
        if stack_left().is_some_and(|it| it > left) {
            wait_with(left)
        } else {
            embed(yield_now())
        }
        std::hint::black_box(&taken);
    }
    for (left, status) in
        [(65_536, BacktraceStatus::Captured), (12_288, BacktraceStatus::Unsupported)]
    {
        let mut coroutine = Coroutine::new(4096, move |_| wait_with(left));
        assert!(poll(&mut coroutine).is_pending());
        assert_eq!(coroutine.backtrace().status(), status);
        assert!(poll(&mut coroutine).is_ready());
    }
}

#[test]
fn a_native_stack_is_measured() {
    let on = |stack| {
        let mut coroutine = Coroutine::with_stack(stack, |_| {
            let filled = std::hint::black_box([7_u8; 30_000]);
            embed(yield_now());
            filled.len()
        });
        assert!(poll(&mut coroutine).is_pending());
        let waiting = coroutine.stack_usage();
        assert!(matches!(poll(&mut coroutine), Poll::Ready(30_000)));
        let stack = coroutine.into_stack().unwrap();
        (waiting, stack.high_water(), stack)
    };
    let (waiting, most, stack) = on(Stack::painted(4096));
    let most = most.expect("it is painted");
    assert!((30_000..100_000).contains(&waiting.shadow), "{waiting:?}");
    assert!(most.shadow >= waiting.shadow && most.shadow < 100_000, "{most:?}");
    assert_eq!((waiting.frames, most.frames, stack.size()), (0, 0, 4096));
    // Once more, as it is.
    assert_eq!(on(stack).1, Some(most));
    assert_eq!(on(Stack::new(4096)).1, None);
}

#[test]
fn the_size_that_was_asked_for_is_told() {
    assert_eq!(Coroutine::new(4096, |_| ()).stack_size(), 4096);
}

#[test]
fn one_in_memory_of_its_user_has_another_stack() {
    let memory = Box::leak(vec![MaybeUninit::uninit(); 1024].into_boxed_slice());
    let range = memory.as_ptr_range();
    let mut coroutine = RawCoroutine::new(memory, move |_| {
        let local = 7_u8;
        let local: *const u8 = std::hint::black_box(&raw const local);
        embed(yield_now());
        range.contains(&local.cast())
    });
    assert!(poll(&mut coroutine).is_pending());
    assert!(matches!(poll(&mut coroutine), Poll::Ready(false)));
    assert_eq!(coroutine.into_memory().unwrap().len(), 1024);
}

#[test]
fn each_thread_has_its_own_names() {
    let names = || {
        let told = bysyncify::dump();
        told.coroutines().iter().map(|it| it.name().to_owned()).collect::<Vec<_>>()
    };
    let mut here = Coroutine::new(16384, |_| embed(yield_now())).named("here");
    assert!(poll(&mut here).is_pending());
    thread::scope(|scope| {
        let there = scope.spawn(|| {
            let mut there = Coroutine::new(16384, |_| embed(yield_now())).named("there");
            assert!(poll(&mut there).is_pending());
            std::mem::forget(Coroutine::new(16384, |_| ()).named("forgotten"));
            names()
        });
        assert_eq!(there.join().unwrap(), ["there", "forgotten"]);
    });
    assert_eq!(names(), ["here"]);
    assert!(poll(&mut here).is_ready());
    assert!(names().is_empty());
}

#[test]
fn coroutines_that_outlive_a_threads_variables_keep_their_names_to_themselves() {
    struct Held(Option<Box<dyn FnOnce()>>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.take().unwrap()();
        }
    }
    thread::spawn(|| {
        thread_local!(static FIRST: Cell<Option<Held>> = const { Cell::new(None) });
        // Destroyed in the order of their first use, or in the other one: in one of the two the list is gone.
        let coroutine = RefCell::new(Some(Coroutine::new(16384, |_| ()).named("held")));
        FIRST.set(Some(Held(Some(Box::new(move || {
            let late = Coroutine::new(16384, |_| ()).named("late");
            let told = bysyncify::dump().coroutines().len();
            assert!(told == 0 || told == 2, "{told}");
            drop(coroutine.take());
            drop(late);
            assert_eq!(bysyncify::dump().coroutines().len(), 0);
        })))));
    })
    .join()
    .unwrap();
}
