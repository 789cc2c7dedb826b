//! Runs the same programs as `async` blocks, without the library.

use std::cell::Cell;
use std::future::poll_fn;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::program::Op;
use crate::schedule::{self, Panicked, Task};
use crate::world::World;

pub(crate) fn task(world: &World, program: &[Op]) -> Task {
    block(world, program, false)
}

fn block(world: &World, program: &[Op], panics: bool) -> Task {
    let (inside, program) = (world.clone(), program.to_vec());
    let guard = world.guard("task");
    Box::pin(async move {
        let _guard = guard;
        run(&inside, &program).await;
        if panics {
            resume_unwind(Box::new(Panicked));
        }
    })
}

fn run<'a>(world: &'a World, program: &'a [Op]) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
    // A function runs its code before the first wait when it is called.
    let mut guard = None;
    Box::pin(async move {
        guard.get_or_insert_with(|| world.guard("call"));
        for op in program {
            step(world, op).await;
            world.add("next");
        }
    })
}

async fn step(world: &World, op: &Op) {
    match op {
        Op::Wait(polls) | Op::WaitOrUnwind(polls) => world.add(world.leaf(*polls, false).await),
        Op::WaitSilently(polls) => world.add(world.leaf(*polls, true).await),
        Op::Call(program) => run(world, program).await,
        Op::Catch(program) => {
            {
                let _guard = world.guard("caught");
                run(world, program).await;
            }
            world.add("caught");
        }
        Op::Task(program) => block(world, program, false).await,
        Op::TaskThatPanics(program) => {
            let mut task = block(world, program, true);
            let result = poll_fn(|cx| {
                let poll = || task.as_mut().poll(cx);
                match catch_unwind(AssertUnwindSafe(poll)) {
                    Ok(poll) => poll.map(Ok),
                    Err(payload) => Poll::Ready(Err(payload)),
                }
            });
            match result.await {
                Err(payload) if payload.is::<Panicked>() => world.add("caught"),
                Err(payload) => resume_unwind(payload),
                Ok(()) => unreachable!("it panics"),
            }
        }
        Op::ByHand { task, polls, forget } => {
            let mut task = self::task(world, task);
            let waker = Waker::from(world.source(100));
            let mut poll = || task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            let is_ready = (0..*polls).any(|_| poll());
            world.add(format_args!("by hand: {is_ready}"));
            if *forget {
                schedule::forget(task);
            }
        }
        Op::Generate { has, take } => {
            let (inside, has, guard) = (world.clone(), *has, world.guard("generator"));
            let mut generator = Values::new(move |slot| async move {
                let _guard = guard;
                for value in 0..has {
                    inside.add(format_args!("yields {value}"));
                    slot.put(inside.guard("value")).await;
                }
            });
            for _ in 0..*take {
                let Some(_value) = generator.next(&mut Context::from_waker(Waker::noop())) else {
                    break;
                };
                world.add("took one");
            }
        }
        Op::Stream { has, take } => {
            let (inside, has, guard) = (world.clone(), *has, world.guard("stream"));
            let mut stream = Values::new(move |slot| async move {
                let _guard = guard;
                for polls in 0..has {
                    inside.leaf(polls % 2, false).await;
                    slot.put(inside.guard("item")).await;
                }
            });
            for _ in 0..*take {
                let Some(item) = poll_fn(|cx| stream.poll_next(cx)).await else { break };
                drop(item);
                world.add("took one");
            }
        }
        Op::WaitInPoll(polls) => {
            let leaf = world.leaf(*polls, false);
            let waker = waker().await;
            let value = leaf.await;
            waker.wake_by_ref();
            world.add(value);
        }
        Op::PendAfterWait => {
            // If a future is pending, and was polled with a waker that is not the latest, it is polled again at once.
            let first = waker().await;
            world.leaf(1, false).await;
            world.remember_for_a_while(&first);
            let is_latest = waker().await.will_wake(&first);
            drop(first);
            if is_latest {
                let mut is_pending = true;
                poll_fn(|_| match mem::take(&mut is_pending) {
                    true => Poll::Pending,
                    false => Poll::Ready(()),
                })
                .await;
            }
            // The waker of a poll stays alive during that poll.
            let _second = waker().await;
            world.add(world.leaf(1, false).await);
        }
    }
}

/// The waker of the current poll.
async fn waker() -> Waker {
    poll_fn(|cx| Poll::Ready(cx.waker().clone())).await
}

/// The place where a generator's code puts its values.
struct Slot<T>(Rc<Cell<Option<T>>>);

impl<T> Slot<T> {
    async fn put(&self, value: T) {
        self.0.set(Some(value));
        let mut is_first = true;
        poll_fn(|_| if mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
    }
}

/// A generator.
struct Values<T> {
    code: Option<Task>,
    slot: Rc<Cell<Option<T>>>,
}

impl<T: 'static> Values<T> {
    fn new<F: Future<Output = ()> + 'static>(code: impl FnOnce(Slot<T>) -> F) -> Self {
        let slot: Rc<Cell<Option<T>>> = Rc::default();
        Self { code: Some(Box::pin(code(Slot(slot.clone())))), slot }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(code) = &mut self.code else { return Poll::Ready(None) };
        if code.as_mut().poll(cx).is_ready() {
            self.code = None;
            return Poll::Ready(None);
        }
        match self.slot.take() {
            Some(value) => Poll::Ready(Some(value)),
            None => Poll::Pending,
        }
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Option<T> {
        match self.poll_next(cx) {
            Poll::Ready(value) => value,
            Poll::Pending => unreachable!("it does not wait"),
        }
    }
}
