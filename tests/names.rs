//! The names of bysyncify 0.2, and the code in its README, compile as they were.

#![allow(unused_imports, reason = "that they can be imported is what is tested")]

use bysyncify::{
    Core, CoreHandle, Coroutine, RawCore, RawCoreHandle, RawCoroutine, RawStack, get_state,
    start_rewind, start_unwind, stop_rewind, stop_unwind,
};

#[cfg(feature = "awaiter-trait")]
use bysyncify::CoroutineMarker;

#[test]
fn the_states_have_the_numbers_that_asyncify_documents() {
    assert_eq!(get_state() as u32, 0);
    let states =
        [bysyncify::State::Normal, bysyncify::State::Unwinding, bysyncify::State::Rewinding];
    assert_eq!(states.map(|state| state as u32), [0, 1, 2]);
}

#[test]
fn the_example_of_the_first_readme_compiles() {
    use bysyncify::Coroutine;
    use core::pin::pin;

    async fn async_operation() -> i32 {
        42
    }

    // Create a coroutine with a 4KB stack
    let coroutine = Coroutine::new(4096, |handle| {
        // Use handle.embed() to await futures within the coroutine
        let result = handle.embed(pin!(async_operation()));

        // Return a value from the coroutine
        result
    });

    // The coroutine implements Future, so it can be awaited
    let program = async {
        let result: i32 = coroutine.await;
        result
    };
    // Not here: this is no WebAssembly.
    drop(program);
}
