// The beginning of every generated program: see `mod.rs` beside it.

use std::any::Any;
use std::cell::Cell;
use std::fmt::{self, Display, Write as _};
use std::future::Future;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, can_embed, embed};

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    #[link_name = "trace"]
    safe fn host_trace(value: u32);
    #[link_name = "panicked"]
    fn host_panicked(text: *const u8, length: usize);
}

static RANDOM: AtomicU32 = AtomicU32::new(0);
/// How many more functions may be entered.
static BUDGET: AtomicI32 = AtomicI32::new(0);

fn trace(value: u32) {
    host_trace(value);
}

fn random(limit: u32) -> u32 {
    let number = RANDOM.load(Relaxed).wrapping_mul(1664525).wrapping_add(1013904223);
    RANDOM.store(number, Relaxed);
    (number >> 16) % limit
}

/// Whether a function may do something. `depth` limits how deep it may call.
#[inline(never)]
fn enter(depth: u32) -> bool {
    depth > 0 && BUDGET.fetch_sub(1, Relaxed) > 0
}

/// A future that is pending once.
struct Once(bool);

impl Future for Once {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        if self.0 {
            return Poll::Ready(1);
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Suspends the running coroutine, half of the time.
#[inline(never)]
fn wait() -> u32 {
    if random(2) == 0 && can_embed() { embed(Once(false)) } else { 0 }
}

const STACK: usize = 256 * 1024;

fn poll<T>(coroutine: &mut Coroutine<T, u32>) -> Option<u32>
where
    T: FnOnce(bysyncify::CoreHandle<'_>) -> u32 + 'static,
{
    trace(1);
    match Pin::new(coroutine).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Runs an executor, perhaps inside a coroutine.
#[inline(never)]
fn inner(depth: u32, value: u32, function: Plain) -> u32 {
    let mut coroutine = Coroutine::new(STACK, move |_| function(depth, value));
    loop {
        if let Some(value) = poll(&mut coroutine) {
            return value;
        }
        trace(wait());
    }
}

type Plain = fn(u32, u32) -> u32;

/// A writer that discards its output, and waits while it writes.
struct Waiting(u32);

impl fmt::Write for Waiting {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        trace(text.len() as u32);
        self.0 += wait();
        Ok(())
    }
}

impl io::Write for Waiting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        trace(bytes.len() as u32);
        self.0 += wait();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Looks like a vtable if word 0 is 0.
#[repr(C)]
#[derive(Clone, Copy)]
struct Step {
    number: u32,
    size: u32,
    align: u32,
    run: Plain,
    then: Plain,
}

#[inline(never)]
fn step(depth: u32, value: u32, step: &Step) -> u32 {
    if value & 1 == 0 { (step.run)(depth, value) } else { (step.then)(depth, value) }
}

/// Several steps, each at a different offset.
struct Steps {
    name: u32,
    steps: [Step; 2],
}

#[inline(never)]
fn steps(depth: u32, steps: &Steps) -> u32 {
    (steps.steps[1].run)(depth, steps.name) ^ (steps.steps[0].then)(depth, 1)
}

/// A type's method without the type, as in tables that are written by hand.
///
/// The number has no meaning. But no other function in the program has such a parameter, so the possible callees of
/// such a call depend on these tables alone.
type Method = unsafe fn(*const (), u32, u32, f64) -> u32;

/// Looks exactly like a vtable, but is not one.
#[repr(C)]
#[derive(Clone, Copy)]
struct Ops {
    drop: Option<unsafe fn(*mut ())>,
    size: usize,
    align: usize,
    run: Method,
    then: Method,
}

/// Copies of it, at other offsets than in a vtable.
#[repr(C)]
struct Device {
    number: u32,
    ops: Ops,
    spare: [Ops; 2],
}

/// A function that calls a method from one field of a `$of`, and afterwards uses a value from before the call.
macro_rules! calls {
    ($($name:ident: $of:ty => ($($place:tt)+);)*) => {$(
        #[inline(never)]
        fn $name(depth: u32, value: u32, from: &$of, state: *const ()) -> u32 {
            if !enter(depth) {
                return value;
            }
            let kept = Box::new(value ^ 5);
            // SAFETY: whoever has made the table says of which type `state` is.
            let got = unsafe { (from $($place)+)(state, depth - 1, value, 0.5) };
            trace(got ^ *kept);
            got ^ *kept
        }
    )*};
}

calls! {
    ops_run: Ops => (.run);
    ops_then: Ops => (.then);
    device_run: Device => (.ops.run);
    device_then: Device => (.ops.then);
    spare_run: Device => (.spare[0].run);
    spare_then: Device => (.spare[1].then);
}

/// The entry point, outside of all coroutines.
fn start(seed: u32, roots: &[Plain]) {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        // SAFETY: the text is there while the host reads it.
        unsafe { host_panicked(text.as_ptr(), text.len()) }
    }));
    RANDOM.store(seed.wrapping_mul(0x9e3779b9), Relaxed);
    BUDGET.store(60 + (seed % 7) as i32 * 40, Relaxed);
    let roots: Vec<Plain> = (0..3).map(|_| roots[random(roots.len() as u32) as usize]).collect();
    let mut coroutines: Vec<_> = (0..)
        .zip(roots)
        .map(|(number, root)| Some(Coroutine::new(STACK, move |_| root(9, number))))
        .collect();
    while coroutines.iter().any(Option::is_some) {
        let chosen = random(coroutines.len() as u32) as usize;
        if let Some(coroutine) = &mut coroutines[chosen]
            && let Some(value) = poll(coroutine)
        {
            trace(value);
            coroutines[chosen] = None;
        }
    }
    trace(2);
}
