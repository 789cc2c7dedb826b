//! Random programs, written once ([`program.rs`](self)) and run twice: as coroutines, and as `async fn`s, which must
//! do the same. They wait in deep and shallow calls, poll each other, are dropped while they wait, and throw (with
//! panics, where these unwind).
//!
//! A *step* is one wait that was executed in both. `TWIN_STEPS` in the compiler's environment sets the number of
//! steps.

use std::any::Any;
use std::cell::Cell;
use std::future::poll_fn;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, try_embed};
use guest_support::tests;

/// The shared state of a program's functions, and the record of what they have done.
struct World {
    random: Cell<u32>,
    /// How many more functions may be entered.
    left: Cell<u32>,
    trace: Cell<u64>,
    waits: Cell<u64>,
    dropped: Cell<u64>,
    caught: Cell<u64>,
}

impl World {
    fn new(seed: u32) -> Self {
        let zero = || Cell::new(0);
        let (trace, waits, dropped, caught) = (zero(), zero(), zero(), zero());
        Self { random: Cell::new(seed), left: Cell::new(0), trace, waits, dropped, caught }
    }

    fn below(&self, limit: u32) -> u32 {
        let next = self.random.get().wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.random.set(next);
        (next >> 8) % limit
    }

    fn trace(&self, value: u32) {
        let mixed = (self.trace.get() ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.trace.set(mixed.rotate_left(29));
    }

    /// Whether a function may do something, which counts as entering it.
    fn enters(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    fn count(&self, counter: &Cell<u64>) {
        counter.set(counter.get() + 1);
    }
}

/// Traces a value when it is dropped.
struct Guard(&'static World, u32);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.trace(self.1 ^ 0x5555);
    }
}

/// Why a function ends early.
#[derive(Debug, PartialEq)]
enum End {
    Cancelled,
    Thrown(u32),
}

type Outcome = Result<u32, End>;
type Task = Pin<Box<dyn Future<Output = Outcome>>>;

/// The payload of a panic.
struct Thrown(u32);

fn throw(value: u32) -> End {
    match cfg!(panic = "unwind") {
        true => resume_unwind(Box::new(Thrown(value))),
        false => End::Thrown(value),
    }
}

fn outcome<T>(caught: Result<T, Box<dyn Any + Send>>, thrown: impl FnOnce(u32) -> T) -> T {
    match caught {
        Ok(outcome) => outcome,
        Err(payload) => match payload.downcast::<Thrown>() {
            Ok(it) => thrown(it.0),
            Err(other) => resume_unwind(other),
        },
    }
}

/// Calls a function, and catches the panics of these programs. Not inlined: see `catch` in the guest `unwind`.
#[inline(never)]
fn catch<T>(function: impl FnOnce() -> T, thrown: impl FnOnce(u32) -> T) -> T {
    outcome(catch_unwind(AssertUnwindSafe(function)), thrown)
}

/// A future that is pending once.
#[derive(Default)]
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Polls a task, and catches its panics.
fn poll(task: &mut Task) -> Poll<Outcome> {
    let poll = || task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    catch(poll, |value| Poll::Ready(Err(End::Thrown(value))))
}

mod coroutines {
    use super::{Coroutine, End, Guard, Once, Outcome, Task, World, black_box, throw, try_embed};
    use super::{Poll, poll};

    const STACK: usize = 128 * 1024;

    macro_rules! function {
        (fn $name:ident($world:ident, $n:ident) $body:block) => {
            #[inline(never)]
            fn $name($world: &'static World, $n: u32) -> Outcome $body
        };
    }
    macro_rules! call {
        ($name:ident($world:expr, $n:expr)) => {
            $name($world, $n)
        };
    }
    macro_rules! catching {
        ($name:ident($world:expr, $n:expr)) => {
            super::catch(|| $name($world, $n), |value| Err(End::Thrown(value)))
        };
    }
    macro_rules! wait {
        () => {
            try_embed(Once::default()).map_err(|_| End::Cancelled)
        };
    }
    pub(super) fn task(world: &'static World, n: u32) -> Task {
        Box::pin(Coroutine::new(STACK, move |_| any(world, n)))
    }

    include!("program.rs");
}

mod futures {
    use super::{End, Guard, Once, Task, World, black_box, throw};
    use super::{Poll, poll, poll_fn};

    macro_rules! function {
        (fn $name:ident($world:ident, $n:ident) $body:block) => {
            fn $name($world: &'static World, $n: u32) -> Task {
                Box::pin(async move $body)
            }
        };
    }
    macro_rules! call {
        ($name:ident($world:expr, $n:expr)) => {
            $name($world, $n).await
        };
    }
    macro_rules! catching {
        ($name:ident($world:expr, $n:expr)) => {{
            let mut called = $name($world, $n);
            let poll = |context: &mut std::task::Context<'_>| {
                let thrown = |value| Poll::Ready(Err(End::Thrown(value)));
                super::catch(|| called.as_mut().poll(context), thrown)
            };
            poll_fn(poll).await
        }};
    }
    macro_rules! wait {
        () => {{
            Once::default().await;
            Ok::<(), End>(())
        }};
    }
    pub(super) fn task(world: &'static World, n: u32) -> Task {
        any(world, n)
    }

    include!("program.rs");
}

/// Runs tasks in turns until there were this many waits. Some are dropped before they end.
fn run(seed: u32, waits: u64, task: fn(&'static World, u32) -> Task) -> &'static World {
    let world: &World = Box::leak(Box::new(World::new(seed)));
    let mut tasks: [Option<Task>; 3] = [None, None, None];
    while world.waits.get() < waits {
        let chosen = &mut tasks[world.below(3) as usize];
        let Some(running) = chosen else {
            world.left.set(20 + world.below(60));
            *chosen = Some(task(world, 2 + world.below(9)));
            continue;
        };
        if let Poll::Ready(outcome) = poll(running) {
            world.trace(outcome.unwrap_or_else(|end| match end {
                End::Thrown(value) => !value,
                End::Cancelled => 1,
            }));
            *chosen = None;
        } else if world.below(50) == 0 {
            world.count(&world.dropped);
            *chosen = None;
        }
    }
    world
}

/// The number of steps in one run, and in total.
const ONCE: u64 = 2_000;
const STEPS: u64 = 100_000;

tests! {
    fn coroutines_do_what_async_functions_do() {
        let steps = option_env!("TWIN_STEPS").map_or(STEPS, |steps| steps.parse().unwrap());
        let (mut waits, mut dropped, mut caught) = (0, 0, 0);
        for seed in 0.. {
            let ours = run(seed, ONCE, coroutines::task);
            let expected = run(seed, ONCE, futures::task);
            assert_eq!(ours.trace.get(), expected.trace.get(), "seed {seed}");
            assert_eq!(ours.waits.get(), expected.waits.get(), "seed {seed}");
            waits += ours.waits.get();
            dropped += ours.dropped.get();
            caught += ours.caught.get();
            if waits >= steps {
                break;
            }
        }
        assert!(dropped > waits / 500 && caught > waits / 500, "{waits} {dropped} {caught}");
    }
}
