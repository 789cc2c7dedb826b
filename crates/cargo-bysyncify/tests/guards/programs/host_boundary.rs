//! What happens while the host runs.

mod lib;

use std::mem::replace;
use std::pin::pin;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use bysyncify::{Coroutine, can_embed, embed, try_embed};
use lib::{
    call_back, call_back_indirectly, fail, pause, run, say, stack_pointer, start, whose_stack,
};

const STACK: usize = 64 * 1024;

#[unsafe(no_mangle)]
extern "C" fn callback_embeds() {
    start();
    let coroutine = Coroutine::new(STACK, |handle| {
        call_back(1, || embed(pause()));
        say("the coroutine goes on");
        handle.embed(pause());
    });
    run("it", coroutine);
}

#[unsafe(no_mangle)]
extern "C" fn callback_embeds_and_the_host_was_called_by_pointer() {
    start();
    let coroutine = Coroutine::new(STACK, |handle| {
        call_back_indirectly(1, || embed(pause()));
        say("the coroutine goes on");
        handle.embed(pause());
    });
    run("it", coroutine);
}

/// Says where it is called.
fn look(who: &str) {
    let can = if can_embed() { "can" } else { "cannot" };
    say(format!("{who} is on {} and {can} embed", whose_stack()));
}

#[unsafe(no_mangle)]
extern "C" fn callback_of_a_nested_coroutine_runs_coroutines() {
    start();
    look("main");
    let outer = Coroutine::new(STACK, |outer| {
        look("outer");
        let inner = Coroutine::new(STACK, |inner| {
            look("inner");
            call_back(2, || {
                look("callback");
                say(format!("{:?}", inner.try_embed(pause())));
                run("another", Coroutine::new(STACK, another));
                look("callback");
            });
            look("inner");
            inner.embed(pause());
            look("inner");
        });
        outer.embed(inner);
        look("outer");
    });
    run("outer", outer);
    look("main");
}

fn another(handle: bysyncify::CoreHandle<'_>) {
    look("another");
    call_back(1, || look("callback of another"));
    handle.embed(pause());
    look("another");
}

/// The first time the host calls what goes wrong, the second time someone who looks around.
fn look_after(what_goes_wrong: impl Fn()) {
    let mut has_happened = false;
    call_back(2, || {
        if replace(&mut has_happened, true) { look("callback") } else { what_goes_wrong() }
    });
}

/// What goes wrong in a coroutine is called by the host, and again by a coroutine of the host's.
fn go_wrong(what_goes_wrong: fn()) {
    let go_wrong = move || run("broken", Coroutine::new(STACK, move |_| what_goes_wrong()));
    look_after(go_wrong);
    let coroutine = Coroutine::new(STACK, move |handle| {
        look_after(go_wrong);
        look("it");
        handle.embed(pause());
    });
    run("it", coroutine);
    look("main");
}

#[unsafe(no_mangle)]
extern "C" fn exception_goes_through_a_coroutine() {
    start();
    go_wrong(|| fail());
}

#[unsafe(no_mangle)]
extern "C" fn coroutine_panics() {
    start();
    go_wrong(|| panic!("oh"));
}

#[unsafe(no_mangle)]
extern "C" fn exceptions_use_up_nothing() {
    start();
    let coroutine = Coroutine::new(STACK, |_| {
        let mut last = 0;
        for _ in 0..3 {
            call_back(1, || {
                let here = stack_pointer();
                say(if replace(&mut last, here) == here { "at the same place" } else { "here" });
                run("broken", Coroutine::new(STACK, |_| fail()));
            });
        }
    });
    run("it", coroutine);
}

#[unsafe(no_mangle)]
extern "C" fn panic_hook_embeds() {
    std::panic::set_hook(Box::new(|_| {
        look("hook");
        say(format!("{:?}", try_embed(pause())));
    }));
    run("it", Coroutine::new(STACK, |_| panic!()));
}

#[unsafe(no_mangle)]
extern "C" fn waker_is_cloned() {
    const VTABLE: RawWakerVTable = RawWakerVTable::new(
        |data| {
            look("waker");
            RawWaker::new(data, &VTABLE)
        },
        |_| (),
        |_| (),
        |_| (),
    );
    let waker = unsafe { Waker::new(std::ptr::null(), &VTABLE) };
    let mut coroutine = pin!(Coroutine::new(STACK, |handle| {
        handle.embed(pause());
        look("it");
    }));
    while coroutine.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Pending {}
}
