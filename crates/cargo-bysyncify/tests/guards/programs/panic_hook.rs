//! Panic hooks that wait.

mod lib;

use bysyncify::{Coroutine, can_embed, embed, try_embed};
use lib::{call_back, pause, run, say, whose_stack};

const STACK: usize = 64 * 1024;

/// Panics in a coroutine that could wait, with this hook.
fn panic_with(hook: impl Fn() + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        say(format!("panic: {}", info.payload_as_str().unwrap_or_default()));
        hook();
    }));
    let coroutine = Coroutine::new(STACK, |handle| {
        handle.embed(pause());
        panic!("boom");
    });
    run("it", coroutine);
}

#[unsafe(no_mangle)]
extern "C" fn hook_asks_and_tries() {
    panic_with(|| {
        say(format!("{} {:?} on {}", can_embed(), try_embed(pause()), whose_stack()));
    });
}

#[unsafe(no_mangle)]
extern "C" fn hook_waits() {
    panic_with(|| {
        embed(pause());
        say("the hook goes on");
    });
}

#[unsafe(no_mangle)]
extern "C" fn hook_calls_the_host_which_calls_back() {
    panic_with(|| call_back(1, || say(format!("{} {:?}", can_embed(), try_embed(pause())))));
}

#[unsafe(no_mangle)]
extern "C" fn hook_runs_another_coroutine() {
    panic_with(|| {
        run("another", Coroutine::new(STACK, |handle| {
            handle.embed(pause());
            say("the other goes on");
        }));
    });
}
