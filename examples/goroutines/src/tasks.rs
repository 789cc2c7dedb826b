//! Closures as tasks: each is a coroutine, and an executor from another crate runs them.

use std::future::poll_fn;
use std::pin::Pin;

use async_executor::LocalExecutor;
use bysyncify::{Coroutine, Stack, embed};

/// A task. To wait for its end `embed` it; to let it run alone `detach` it; dropped, it is
/// cancelled.
pub(crate) use async_executor::Task;

/// The memory of a task, in bytes: enough to wait in a channel or a lock, a few calls deep. Small,
/// since this program has tens of thousands. `measure` says how much is needed.
const STACK_SIZE: usize = if cfg!(debug_assertions) { 8 * 1024 } else { 1024 };

/// For the program itself, which formats text, too.
const MAIN_STACK_SIZE: usize = 64 * 1024;

thread_local! {
    static EXECUTOR: LocalExecutor<'static> = const { LocalExecutor::new() };
}

/// Starts a task: what `go` is in Go.
pub(crate) fn go<T: 'static>(program: impl FnOnce() -> T + 'static) -> Task<T> {
    spawn(Coroutine::new(STACK_SIZE, |_| program()))
}

/// Starts a task that [`bysyncify::dump`] shows.
pub(crate) fn go_named<T: 'static>(
    name: &'static str,
    program: impl FnOnce() -> T + 'static,
) -> Task<T> {
    spawn(Coroutine::new(MAIN_STACK_SIZE, |_| program()).named(name))
}

/// Starts the program.
pub(crate) fn go_main(program: impl FnOnce() + 'static) -> Task<()> {
    spawn(Coroutine::new(MAIN_STACK_SIZE, |_| program()))
}

/// Runs a task and waits for it. Returns how much of its stack was used, and the stack's size.
pub(crate) fn measure(program: impl FnOnce() + 'static) -> (usize, usize) {
    let mut coroutine = Coroutine::with_stack(Stack::painted(2 * STACK_SIZE), |_| program());
    let task = spawn(async move {
        poll_fn(|cx| Pin::new(&mut coroutine).poll(cx)).await;
        coroutine.into_stack().ok().and_then(|stack| stack.high_water())
    });
    let used = embed(task).expect("a painted stack that a coroutine has finished on");
    (used.total(), STACK_SIZE)
}

fn spawn<T: 'static>(task: impl Future<Output = T> + 'static) -> Task<T> {
    EXECUTOR.with(|executor| executor.spawn(task))
}

/// Runs tasks until all of them wait.
pub(crate) fn run_until_all_wait() {
    EXECUTOR.with(|executor| while executor.try_tick() {});
}
