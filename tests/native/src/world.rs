//! The shared parts of both interpreters: the trace, futures to wait for, and their wakers.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use bysyncify::Stack;

/// The state of one run of a schedule.
#[derive(Clone)]
pub(crate) struct World(Rc<Shared>);

struct Shared {
    trace: Arc<Mutex<Vec<String>>>,
    /// The number of the next object.
    next: Cell<usize>,
    /// The wakers of the futures that are pending.
    waiting: RefCell<Vec<(usize, Waker)>>,
    /// The stacks of finished coroutines.
    stacks: RefCell<Vec<Stack>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Shared {
            trace: Arc::default(),
            next: Cell::new(0),
            waiting: RefCell::default(),
            stacks: RefCell::default(),
        }))
    }

    pub(crate) fn add(&self, line: impl Display) {
        self.0.trace.lock().unwrap().push(line.to_string());
    }

    pub(crate) fn trace(&self) -> Vec<String> {
        self.0.trace.lock().unwrap().clone()
    }

    fn number(&self) -> usize {
        self.0.next.replace(self.0.next.get() + 1)
    }

    /// A value that is traced when it is dropped, and then reads its own memory.
    pub(crate) fn guard(&self, name: &'static str) -> Guard {
        Guard { world: self.clone(), name, number: Box::new(self.number()) }
    }

    /// A waker that is traced when it is woken.
    pub(crate) fn source(&self, name: usize) -> Arc<Source> {
        Arc::new(Source { trace: self.0.trace.clone(), name })
    }

    pub(crate) fn leaf(&self, polls: usize, is_silent: bool) -> Leaf {
        Leaf { left: polls, is_silent, guard: self.guard("leaf") }
    }

    fn remember(&self, number: usize, waker: &Waker) {
        let mut waiting = self.0.waiting.borrow_mut();
        waiting.retain(|(other, _)| *other != number);
        waiting.push((number, waker.clone()));
    }

    fn forget(&self, number: usize) {
        self.0.waiting.borrow_mut().retain(|(other, _)| *other != number);
    }

    /// Remembers a waker for the code that was polled last, whichever it is.
    pub(crate) fn remember_for_a_while(&self, waker: &Waker) {
        self.remember(usize::MAX, waker);
    }

    /// Wakes one waiter, and removes its waker.
    pub(crate) fn wake(&self, index: usize) {
        let chosen = {
            let mut waiting = self.0.waiting.borrow_mut();
            let len = waiting.len();
            (len > 0).then(|| waiting.remove(index % len))
        };
        if let Some((number, waker)) = chosen {
            self.add(format_args!("{number} is ready"));
            waker.wake();
        }
    }

    pub(crate) fn stack(&self) -> Stack {
        self.0.stacks.borrow_mut().pop().unwrap_or_else(|| Stack::new(4096))
    }

    pub(crate) fn keep_stack(&self, stack: Stack) {
        self.0.stacks.borrow_mut().push(stack);
    }
}

pub(crate) struct Guard {
    world: World,
    name: &'static str,
    number: Box<usize>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.world.add(format_args!("drop {} {}", self.name, self.number));
    }
}

pub(crate) struct Source {
    trace: Arc<Mutex<Vec<String>>>,
    name: usize,
}

impl Wake for Source {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.trace.lock().unwrap().push(format!("wake {}", self.name));
    }
}

/// A future that is pending several times.
pub(crate) struct Leaf {
    left: usize,
    is_silent: bool,
    guard: Guard,
}

impl Future for Leaf {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let number = *self.guard.number;
        let world = self.guard.world.clone();
        world.add(format_args!("poll {number}"));
        if !self.is_silent {
            // Shows in the trace which waker it is.
            cx.waker().wake_by_ref();
        }
        if self.left == 0 {
            world.forget(number);
            return Poll::Ready(number);
        }
        if !self.is_silent {
            world.remember(number, cx.waker());
        }
        self.left -= 1;
        Poll::Pending
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        self.guard.world.forget(*self.guard.number);
    }
}
