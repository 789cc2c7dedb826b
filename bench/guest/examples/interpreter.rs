//! A script that waits below so many calls of its own: what an interpreter in a coroutine does. Each call
//! of the script's is several of the interpreter's.
//!
//! Measured is a turn of the script's loop, with the wait in it.

use std::future::Future;
use std::mem::replace;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, embed};
use rhai::{Engine, INT, Scope};

const SCRIPT: &str = "
    fn down(depth, count) {
        if depth > 0 {
            down(depth - 1, count) + 1
        } else {
            while count > 0 {
                wait();
                count -= 1;
            }
            0
        }
    }
    down(depth, count)
";

/// Pending once, then ready.
struct YieldNow(bool);

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn interpret(depth: u32, count: u32) -> INT {
    let mut engine = Engine::new();
    engine.set_max_call_levels(1000);
    engine.register_fn("wait", || embed(YieldNow(false)));
    let mut scope = Scope::new();
    scope.push("depth", INT::from(depth)).push("count", INT::from(count));
    engine.eval_with_scope(&mut scope, SCRIPT).expect("the script is right")
}

#[unsafe(export_name = "bench script")]
extern "C" fn script(depth: u32, count: u32) {
    let mut coroutine = pin!(Coroutine::new(4 << 20, move |_| interpret(depth, count)));
    let mut polls = 0;
    let result = loop {
        if let Poll::Ready(result) =
            coroutine.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            break result;
        }
        polls += 1;
    };
    assert_eq!((result, polls), (INT::from(depth), count));
}
