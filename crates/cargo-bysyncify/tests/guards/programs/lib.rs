//! What the programs share: their host, and how they tell it what they see.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub fn say(text: *const u8, length: usize);
        pub safe fn fail();
        pub fn call_back(data: *mut (), times: u32);
    }
}

/// Prints a line.
pub fn say(text: impl AsRef<str>) {
    let text = text.as_ref();
    unsafe { sys::say(text.as_ptr(), text.len()) }
}

/// Makes the host throw an exception.
pub use sys::fail;

/// Makes the host call `function` so many times. It catches what is thrown there.
pub fn call_back(times: u32, function: impl FnMut()) {
    call_back_by(sys::call_back, times, function);
}

/// The same by pointer, through the table.
pub fn call_back_indirectly(times: u32, function: impl FnMut()) {
    call_back_by(black_box(sys::call_back), times, function);
}

fn call_back_by(host: unsafe extern "C" fn(*mut (), u32), times: u32, mut function: impl FnMut()) {
    let mut function: &mut dyn FnMut() = &mut function;
    unsafe { host((&raw mut function).cast(), times) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn called_back(data: *mut ()) {
    let function = unsafe { &mut *data.cast::<&mut dyn FnMut()>() };
    function()
}

/// Where the stack pointer is, or a little above.
pub fn stack_pointer() -> usize {
    let local = Cell::new(0);
    black_box(&raw const local).addr()
}

/// On whose stack we are. That of the host is at the beginning of the memory.
pub fn whose_stack() -> &'static str {
    if stack_pointer() < 1 << 20 { "the host's stack" } else { "a coroutine's stack" }
}

/// Prints each panic's message.
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        say(format!("panic: {}", info.payload_as_str().unwrap_or_default()));
    }));
}

/// Pending once.
pub fn pause() -> impl Future<Output = ()> {
    let mut is_ready = false;
    poll_fn(
        move |_| {
            if std::mem::replace(&mut is_ready, true) { Poll::Ready(()) } else { Poll::Pending }
        },
    )
}

/// Polls to the end, and says what each poll returned.
pub fn run(name: &str, future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    while future.as_mut().poll(&mut context).is_pending() {
        say(format!("{name} is pending"));
    }
    say(format!("{name} is ready"));
}
