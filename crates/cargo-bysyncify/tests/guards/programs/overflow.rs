//! Stacks that overflow where nobody waits.

mod lib;

use std::hint::black_box;
use std::mem::MaybeUninit;

use bysyncify::{Coroutine, RawCoroutine, can_embed};
use lib::{call_back, pause, run, say, whose_stack};

const STACK: usize = 64 * 1024;

/// Prints each panic's message: of its numbers, only what is the same for every compiler.
fn start() {
    std::panic::set_hook(Box::new(|info| {
        let mut words: Vec<&str> = Vec::new();
        for word in info.payload_as_str().unwrap_or_default().split(' ') {
            let names_a_function = words.last().is_some_and(|last| last.ends_with("function"));
            words.push(match word.trim_end_matches('`').parse() {
                Ok(_) if names_a_function => "N",
                Ok(16_321..17_400_u32) => "a little more than 16320",
                Ok(100_001..110_000) => "somewhat more than 100000",
                _ => word,
            });
        }
        say(format!("panic on {}: {}", whose_stack(), words.join(" ")));
    }));
}

#[inline(never)]
fn too_large() {
    let array = [const { MaybeUninit::<u8>::uninit() }; 100_000];
    say(format!("{}", black_box(&array).len()));
}

#[inline(never)]
fn descend(depth: u32) -> u32 {
    let array = black_box([depth; 64]);
    if depth == 0 { 0 } else { descend(depth - 1) + array[7] - array[8] + 1 }
}

#[unsafe(no_mangle)]
extern "C" fn large_frame() {
    start();
    run("it", Coroutine::new(STACK, |_| too_large()));
}

#[unsafe(no_mangle)]
extern "C" fn large_frame_after_a_wait() {
    start();
    let coroutine = Coroutine::new(STACK, |handle| {
        handle.embed(pause());
        too_large();
    });
    run("it", coroutine);
}

#[unsafe(no_mangle)]
extern "C" fn large_frame_in_a_nested_coroutine() {
    start();
    let outer = Coroutine::new(STACK, |outer| {
        let inner = Coroutine::new(STACK, |inner| {
            inner.embed(pause());
            too_large();
        });
        outer.embed(inner);
    });
    run("outer", outer);
}

#[unsafe(no_mangle)]
extern "C" fn large_frame_after_a_nested_coroutine() {
    start();
    let outer = Coroutine::new(STACK, |outer| {
        outer.embed(Coroutine::new(2 * STACK, |_| too_large()));
        too_large();
    });
    run("outer", outer);
}

#[unsafe(no_mangle)]
extern "C" fn recursion_overwrites_nothing() {
    start();
    #[repr(align(16))]
    struct Memory([MaybeUninit<u8>; 5 * 4096]);
    let memory = Box::leak(Box::new(Memory([MaybeUninit::new(7); 5 * 4096])));
    let (below, memory) = memory.0.split_at_mut(4096);
    let mut memory = Some(memory);
    call_back(1, || {
        let memory = memory.take().unwrap();
        run("it", RawCoroutine::new(memory, |_| say(format!("{}", descend(1_000_000)))));
    });
    let untouched = below.iter().filter(|byte| unsafe { byte.assume_init() } == 7).count();
    say(format!("{untouched} of {} bytes below the stack are untouched", below.len()));
}

#[unsafe(no_mangle)]
extern "C" fn callbacks_and_those_who_resume_have_more_room() {
    start();
    too_large();
    let coroutine = Coroutine::new(STACK, |handle| {
        call_back(1, too_large);
        handle.embed(pause());
        call_back(1, too_large);
    });
    run("it", coroutine);
    too_large();
}

#[unsafe(no_mangle)]
extern "C" fn host_may_call_again() {
    start();
    let mut count = 0;
    let coroutine = Coroutine::new(STACK, move |handle| {
        call_back(2, || {
            count += 1;
            say(format!("call {count} on {}, can embed: {}", whose_stack(), can_embed()));
            run("another", Coroutine::new(STACK, |_| too_large()));
        });
        handle.embed(pause());
    });
    run("it", coroutine);
}

#[unsafe(no_mangle)]
extern "C" fn as_much_as_there_is() {
    start();
    let coroutine = Coroutine::new(STACK, |handle| {
        handle.embed(pause());
        let mut depth = 1;
        while descend(depth) == depth && depth < 100 {
            depth += 1;
        }
        say(format!("{depth} calls deep"));
    });
    run("it", coroutine);
}
