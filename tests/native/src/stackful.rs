//! Runs programs as coroutines.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use std::task::{Context, Poll, Waker};

use bysyncify::{AsyncGenerator, Coroutine, EmbedError, Generator, embed, try_embed, try_iter};

use crate::program::Op;
use crate::schedule::{self, Panicked, Task};
use crate::world::World;

pub(crate) fn task(world: &World, program: &[Op]) -> Task {
    Box::pin(coroutine(world, program, false))
}

fn coroutine(
    world: &World,
    program: &[Op],
    panics: bool,
) -> Coroutine<impl FnOnce(bysyncify::CoreHandle<'_>) + use<>, ()> {
    let (inside, program) = (world.clone(), program.to_vec());
    let guard = world.guard("task");
    Coroutine::with_stack(world.stack(), move |_| {
        let _guard = guard;
        if run(&inside, &program).is_ok() && panics {
            resume_unwind(Box::new(Panicked));
        }
    })
}

/// Polls a task to completion here, and keeps its stack.
fn embed_task(world: &World, program: &[Op], panics: bool) -> Result<(), EmbedError> {
    let mut task = coroutine(world, program, panics);
    let result = try_embed(&mut task);
    if let Ok(stack) = task.into_stack() {
        world.keep_stack(stack);
    }
    result
}

fn run(world: &World, program: &[Op]) -> Result<(), EmbedError> {
    let _guard = world.guard("call");
    for op in program {
        step(world, op)?;
        world.add("next");
    }
    Ok(())
}

fn step(world: &World, op: &Op) -> Result<(), EmbedError> {
    match op {
        Op::Wait(polls) => world.add(try_embed(world.leaf(*polls, false))?),
        Op::WaitOrUnwind(polls) => world.add(embed(world.leaf(*polls, false))),
        Op::WaitSilently(polls) => world.add(try_embed(world.leaf(*polls, true))?),
        Op::Call(program) => run(world, program)?,
        Op::Catch(program) => {
            let result = catch_unwind(AssertUnwindSafe(|| {
                let _guard = world.guard("caught");
                run(world, program)?;
                resume_unwind(Box::new(Panicked))
            }));
            caught(world, result)?;
        }
        Op::Task(program) => embed_task(world, program, false)?,
        Op::TaskThatPanics(program) => {
            let call = || embed_task(world, program, true);
            caught(world, catch_unwind(AssertUnwindSafe(call)))?;
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
            let generator = Generator::new(4096, move |yielder| {
                let _guard = guard;
                for value in 0..has {
                    inside.add(format_args!("yields {value}"));
                    if yielder.try_yield(inside.guard("value")).is_err() {
                        return;
                    }
                }
            });
            generator.take(*take).for_each(|_| world.add("took one"));
        }
        Op::Stream { has, take } => {
            let (inside, has, guard) = (world.clone(), *has, world.guard("stream"));
            let stream = AsyncGenerator::new(4096, move |handle, yielder| {
                let _guard = guard;
                for polls in 0..has {
                    if handle.try_embed(inside.leaf(polls % 2, false)).is_err()
                        || yielder.try_yield(inside.guard("item")).is_err()
                    {
                        return;
                    }
                }
            });
            for item in try_iter(stream).take(*take) {
                drop(item?);
                world.add("took one");
            }
        }
        Op::WaitInPoll(polls) => {
            let mut leaf = Some(world.leaf(*polls, false));
            let in_poll = try_embed(poll_fn(|cx| {
                let result = try_embed(leaf.take().expect("polled once"));
                if result.is_ok() {
                    cx.waker().wake_by_ref();
                }
                Poll::Ready(result)
            }));
            world.add(in_poll??);
        }
        Op::PendAfterWait => {
            let mut polls = 0;
            let in_poll = try_embed(poll_fn(|cx| {
                let result = try_embed(world.leaf(1, false));
                polls += 1;
                if result.is_err() || polls > 1 {
                    return Poll::Ready(result);
                }
                world.remember_for_a_while(cx.waker());
                Poll::Pending
            }));
            world.add(in_poll??);
        }
    }
    Ok(())
}

/// The result of a panic of these tests; a panic of a cancelled coroutine continues.
fn caught(
    world: &World,
    result: std::thread::Result<Result<(), EmbedError>>,
) -> Result<(), EmbedError> {
    match result {
        Ok(result) => result,
        Err(payload) if payload.is::<Panicked>() => {
            world.add("caught");
            Ok(())
        }
        Err(payload) => resume_unwind(payload),
    }
}
