//! Vending machines. Each is ordinary synchronous code, in a coroutine of its own, that waits for events from the host.
//!
//! This file is the interface to the host: two functions that it calls, and one that it provides. `machine` is the
//! program.

mod machine;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, embed};

/// The memory of each machine. Most is for `format!`, which needs a lot in an unoptimised build.
const STACK_SIZE: usize = 32 * 1024;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    fn print(text: *const u8, len: usize);
}

/// Has the host print a line.
fn say(text: &str) {
    // SAFETY: the host copies the text while this call runs.
    unsafe { print(text.as_ptr(), text.len()) }
}

/// An event of a machine.
#[derive(Clone, Copy)]
enum Event {
    /// This many cents were put in.
    Coin(u32),
    /// The button with this number was pressed.
    Button(u32),
    /// The machine was switched off.
    Off,
}

/// A place where the host leaves an event, and a coroutine takes it.
#[derive(Default)]
struct Mailbox(Cell<Option<Event>>);

impl Mailbox {
    /// Waits for the next event, wherever in the program this is called.
    fn wait(&self) -> Event {
        embed(poll_fn(|_| self.0.take().map_or(Poll::Pending, Poll::Ready)))
    }
}

/// A coroutine, and the mailbox that it waits for.
struct Machine {
    mailbox: Rc<Mailbox>,
    program: Pin<Box<dyn Future<Output = ()>>>,
}

impl Machine {
    fn new(name: usize) -> Self {
        let mailbox = Rc::new(Mailbox::default());
        let for_program = Rc::clone(&mailbox);
        let program = Coroutine::new(STACK_SIZE, move |_| machine::run(name, &for_program));
        Self { mailbox, program: Box::pin(program) }
    }

    /// Runs the program until it waits. Returns whether it does, and has not ended. This is the whole executor: it is
    /// called when there is an event, so wakers have nothing to do.
    fn resume(&mut self) -> bool {
        self.program.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }
}

thread_local! {
    /// The machines by their numbers. None for one that is off.
    static MACHINES: RefCell<Vec<Option<Machine>>> = RefCell::default();
}

/// Called once by the host, before anything else.
#[unsafe(no_mangle)]
pub extern "C" fn start(count: usize) {
    std::panic::set_hook(Box::new(|info| say(&info.to_string())));
    let started = (0..count).map(|name| {
        let mut machine = Machine::new(name);
        machine.resume().then_some(machine)
    });
    MACHINES.set(started.collect());
}

/// Called by the host for an event of a machine: 0 is a coin, 1 a button, 2 means that it was switched off. Returns 1
/// if there is such a machine that is on, and such an event.
#[unsafe(no_mangle)]
pub extern "C" fn event(machine: usize, kind: u32, value: u32) -> u32 {
    let event = match kind {
        0 => Event::Coin(value),
        1 => Event::Button(value),
        2 => Event::Off,
        _ => return 0,
    };
    MACHINES.with_borrow_mut(|machines| {
        let Some(place) = machines.get_mut(machine) else { return 0 };
        let Some(machine) = place else { return 0 };
        machine.mailbox.0.set(Some(event));
        if !machine.resume() {
            *place = None;
        }
        1
    })
}
