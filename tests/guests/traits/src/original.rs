//! The example in the original crate's README, with its comments turned into code.

#![allow(clippy::let_and_return, clippy::redundant_async_block, reason = "as it was written there")]

// The example's imports.
use bysyncify::Coroutine;
use core::pin::pin;

use guest_support::{after_polls, run, tests};

async fn async_operation() -> i32 {
    after_polls(2, 42).await
}

tests! {
    fn the_example_as_it_stands() {
        // Create a coroutine with a 4KB stack
        let coroutine = Coroutine::new(4096, |handle| {
            // Use handle.embed() to await futures within the coroutine
            // let result = handle.embed(pin!(async_operation()));
            let _ = handle;
            // Return a value from the coroutine
            42
        });
        // The coroutine implements Future, so it can be awaited
        assert_eq!(run(Box::pin(async { coroutine.await })), (1, 42));
    }

    fn the_example_with_its_comments_as_code() {
        let coroutine = Coroutine::new(16384, |handle| {
            let result = handle.embed(pin!(async_operation()));
            result
        });
        let future = async {
            let result = coroutine.await;
            result
        };
        assert_eq!(run(Box::pin(future)), (3, 42));
    }
}
