//! Cores, for users who build their own coroutine type.

use awaiter_trait::AwaiterMut;
use bysyncify::Stack;
use bysyncify::raw::{AbiTag, Core, RawCore};
use guest_support::{after_one_poll, expect_trap, tests};
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::pin::pin;
use std::ptr::{self, NonNull};
use std::task::{Poll, Waker};

use crate::by_all::{POLLS, SUM, v01, v02};

/// The argument of the entry function.
struct Job<A> {
    /// The awaiter that it waits with.
    awaiter: Cell<*mut A>,
    body: fn(&mut A) -> u32,
    output: Cell<Option<u32>>,
}

impl<A> Job<A> {
    fn new(body: fn(&mut A) -> u32) -> Self {
        Self { awaiter: Cell::new(ptr::null_mut()), body, output: Cell::new(None) }
    }

    /// # Safety
    ///
    /// - `data` is such a job. It and its awaiter outlive the call, and nobody else uses the
    ///   awaiter.
    unsafe extern "C" fn entry(data: *mut (), _: AbiTag) -> u32 {
        // SAFETY: our caller's promise.
        let job = unsafe { &*data.cast::<Self>() };
        // SAFETY: likewise.
        let awaiter = unsafe { &mut *job.awaiter.get() };
        job.output.set(Some((job.body)(awaiter)));
        RawCore::ENTRY_RETURNED
    }

    /// The data pointer for the core.
    fn data(&self) -> *mut () {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// Polls until the entry function has returned. Returns the number of polls, and its result.
    ///
    /// # Safety
    ///
    /// - `core` is that of this job, and not borrowed for longer than a call of its methods.
    unsafe fn run(&self, core: *const RawCore) -> (usize, Option<u32>) {
        for polls in 1.. {
            // SAFETY: our caller's promise.
            let core = unsafe { &*core };
            // SAFETY: the job and its awaiter outlive this.
            if unsafe { core.resume(Waker::noop()) } == Poll::Ready(()) {
                return (polls, self.output.get());
            }
            assert!(!core.is_running());
            // Where coroutines are threads, nothing is saved.
            assert!(core.stack_usage().frames > 0 || cfg!(not(target_family = "wasm")));
        }
        unreachable!("polled for ever")
    }
}

fn run_core(body: fn(&mut Core) -> u32) -> (usize, Option<u32>, Stack) {
    let job = Job::new(body);
    let mut core = Core::new(8192, Job::<Core>::entry, job.data());
    // The core itself, behind the pointer: nothing borrows what is dereferenced here.
    let raw: *const RawCore = &*core;
    job.awaiter.set(&raw mut core);
    // SAFETY: it is the job's core, and nobody else uses it.
    let (polls, output) = unsafe { job.run(raw) };
    let stack = core.into_stack().expect("it has finished");
    (polls, output, stack)
}

fn run_raw(body: fn(&mut &RawCore) -> u32) -> (usize, Option<u32>) {
    let mut memory = [const { MaybeUninit::uninit() }; 8192];
    let job = Job::new(body);
    // SAFETY: the memory is used for nothing else, and the coroutine ends before it does.
    let core =
        unsafe { RawCore::new_in(NonNull::from(&mut memory), Job::<&RawCore>::entry, job.data()) };
    // SAFETY: it lies in the memory.
    let mut awaiter = unsafe { core.as_ref() };
    job.awaiter.set(&raw mut awaiter);
    // SAFETY: it is the job's core.
    unsafe { job.run(core.as_ptr()) }
}

tests! {
    fn a_core_is_resumed_by_hand() {
        let (polls, output, stack) = run_core(|core| {
            core.embed(after_one_poll(40)) + core.try_embed(after_one_poll(2)).expect("it runs")
        });
        assert_eq!((polls, output), (3, Some(42)));
        assert!(stack.size() >= 8192);
    }

    fn a_core_is_an_awaiter() {
        let (polls, output, _) = run_core(v01::by_all);
        assert_eq!((polls, output), (POLLS, Some(SUM)));
        let (polls, output, _) = run_core(v02::by_all);
        assert_eq!((polls, output), (POLLS, Some(SUM)));
    }

    fn a_core_that_is_suspended_keeps_its_stack() {
        let job = Job::new(|core: &mut &RawCore| core.embed(after_one_poll(1)));
        let core = Core::new(8192, Job::<&RawCore>::entry, job.data());
        let behind: *const RawCore = &*core;
        // SAFETY: this does not move with `core`, which is dropped last.
        let mut awaiter = unsafe { &*behind };
        job.awaiter.set(&raw mut awaiter);
        // SAFETY: the job and its awaiter outlive the core.
        assert_eq!(unsafe { core.resume(Waker::noop()) }, Poll::Pending);
        let core = core.into_stack().expect_err("it is suspended");
        // SAFETY: likewise.
        assert_eq!(unsafe { core.resume(Waker::noop()) }, Poll::Ready(()));
        assert_eq!(job.output.get(), Some(1));
        assert!(core.into_stack().is_ok());
    }

    fn a_raw_core_is_an_awaiter() {
        assert_eq!(run_raw(|core| v01::by_mut(core)), (3, Some(1010)));
        assert_eq!(run_raw(|core| v02::by_all(core)), (POLLS, Some(SUM)));
        assert_eq!(run_raw(|core| core.embed(after_one_poll(7))), (2, Some(7)));
    }

    fn a_raw_core_that_is_not_running_awaits_nothing() {
        let mut memory = [const { MaybeUninit::uninit() }; 8192];
        let job = Job::<()>::new(|()| 0);
        // SAFETY: the memory is used for nothing else, and the coroutine is never started.
        let mut core =
            unsafe { RawCore::new_in(NonNull::from(&mut memory), Job::<()>::entry, job.data()) };
        // SAFETY: nobody else uses it.
        let core = unsafe { core.as_mut() };
        expect_trap("cannot embed outside a running coroutine");
        core.await_mut(pin!(async {}));
    }
}
