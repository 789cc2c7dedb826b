//! The native part of a coroutine, beside its control block: a stack of its own, and the switch to it.
//!
//! `src/raw/switch/native.rs` is the switch that uses it, and has a diagram. Stacks are made in `arena.rs`
//! (`windows.rs`), and kept for reuse in `stacks.rs`. `size.rs` computes their size, and `overflow.rs` reports an
//! overflow.

use core::cell::{Cell, UnsafeCell};
use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr;

use corosensei::stack::Stack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::layout::StackUsage;
use super::paint;
use stacks::NativeStack;

#[cfg(unix)]
mod arena;
#[cfg(unix)]
pub(super) mod overflow;
pub(crate) mod size;
mod stacks;
#[cfg(windows)]
mod windows;

/// A coroutine of `corosensei`, on a stack of ours.
type Switched = Coroutine<(), (), (), NativeStack>;

/// A part of a control block. Filled from the coroutine's start to its end, and never dropped by itself: the
/// contents of a forgotten coroutine's stack stay there.
pub(super) struct Fiber {
    switched: UnsafeCell<MaybeUninit<Switched>>,
    /// The way back to the resumer. Lies at the high end of the coroutine's stack.
    yielder: Cell<*const Yielder<(), ()>>,
    /// The low end of the usable range of the stack, and how many bytes it has: none if there is no stack.
    low: Cell<usize>,
    size: Cell<usize>,
    /// How much of the last stack was used, if that was measured.
    used: Cell<StackUsage>,
}

impl Fiber {
    pub(super) const fn new() -> Self {
        Self {
            switched: UnsafeCell::new(MaybeUninit::uninit()),
            yielder: Cell::new(ptr::null()),
            low: Cell::new(0),
            size: Cell::new(0),
            used: Cell::new(StackUsage { frames: 0, shadow: 0 }),
        }
    }

    /// Gets a stack, on which the first [`Fiber::resume`] calls `run`. The stack is painted if [`Fiber::end`] is
    /// to measure it.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for a stack. Then nothing was changed.
    ///
    /// # Safety
    ///
    /// - It is not filled.
    /// - This stays where it is until [`Fiber::end`].
    /// - No panic leaves `run`.
    pub(super) unsafe fn start<F: FnOnce()>(&self, size: usize, is_painted: bool, run: F) {
        let Some(stack) = stacks::take(size) else { no_stack(size) };
        let native_size = stack.size();
        let high = stack.base().get();
        let low = high - native_size;
        if is_painted {
            // SAFETY: a stack of ours, which nothing uses.
            unsafe { paint::paint(&pointers(low..high)) };
        }
        let this = ptr::from_ref(self);
        let first = move |yielder: &Yielder<(), ()>, ()| {
            // SAFETY: our caller's promise: it stays where it is.
            unsafe { &*this }.yielder.set(yielder);
            run();
        };
        // SAFETY: `first` borrows this fiber, which outlives the coroutine that is made.
        let switched = unsafe { Switched::with_stack_unchecked(stack, first) };
        // SAFETY: nothing else accesses it: it is not filled.
        unsafe { (*self.switched.get()).write(switched) };
        self.low.set(low);
        self.size.set(native_size);
    }

    /// Runs the code on the stack until it suspends or returns. Returns whether it has returned.
    ///
    /// # Safety
    ///
    /// - It is filled, and suspended, or was not resumed yet.
    #[inline(always)]
    pub(super) unsafe fn resume(&self) -> bool {
        // SAFETY: it is not running, so nothing else uses it. Code that runs in it uses the yielder only.
        let switched = unsafe { &mut *self.switched.get() };
        // SAFETY: our caller's promise.
        let switched = unsafe { switched.assume_init_mut() };
        matches!(switched.resume(()), CoroutineResult::Return(()))
    }

    /// Switches back to the resumer.
    ///
    /// # Safety
    ///
    /// - This is called on its stack: see [`Fiber::has`].
    #[inline(always)]
    pub(super) unsafe fn suspend(&self) {
        // SAFETY: set by the closure that `start` puts at the bottom of the stack, where it stays until that
        // returns.
        let yielder = unsafe { &*self.yielder.get() };
        yielder.suspend(());
    }

    /// Gives the stack back when the code on it has returned.
    ///
    /// # Safety
    ///
    /// - [`Fiber::resume`] has returned true. This is called once, with the `is_painted` that [`Fiber::start`] was
    ///   given.
    pub(super) unsafe fn end(&self, is_painted: bool) {
        let range = self.range();
        self.low.set(0);
        self.size.set(0);
        // SAFETY: our caller's promise: it is not running.
        let switched = unsafe { &*self.switched.get() };
        // SAFETY: likewise: it is filled, and not used any more.
        let switched = unsafe { switched.assume_init_read() };
        let stack = switched.into_stack();
        if is_painted {
            // SAFETY: painted in `start`, and a coroutine has finished on it.
            self.used.set(unsafe { paint::measure(&pointers(range)) });
        }
        stacks::give_back(stack);
    }

    /// How much of the last stack was used at any time.
    #[cfg(feature = "alloc")]
    pub(super) fn high_water(&self) -> StackUsage {
        self.used.get()
    }

    /// The usable range of the stack. Empty if there is none.
    pub(super) fn range(&self) -> Range<usize> {
        self.low.get()..self.low.get() + self.size.get()
    }

    /// Whether this address is on the stack.
    #[inline(always)]
    pub(super) fn has(&self, address: usize) -> bool {
        address.wrapping_sub(self.low.get()) < self.size.get()
    }
}

/// Whom an overflow is told of.
#[cfg(all(unix, feature = "alloc"))]
impl Fiber {
    /// Whether what is at this address is in the guard below the stack.
    pub(super) fn has_in_guard(&self, address: usize) -> bool {
        address.wrapping_sub(self.low.get().wrapping_sub(arena::GUARD)) < arena::GUARD
    }
}

/// The usable range of a stack, as pointers.
fn pointers(range: Range<usize>) -> Range<*mut u8> {
    ptr::with_exposed_provenance_mut(range.start)..ptr::with_exposed_provenance_mut(range.end)
}

#[cold]
fn no_stack(size: usize) -> ! {
    panic!(
        "there is no native stack for a coroutine that asks for {size} bytes: its memory, or the \
         number of mappings that the system allows (`vm.max_map_count`), is exhausted"
    )
}
