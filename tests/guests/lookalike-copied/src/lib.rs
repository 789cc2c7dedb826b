//! A driver's table of functions, as found in many programs.
//!
//! It has the layout of a vtable: a destructor or null, a size, an alignment, a function. But it is copied, and its
//! function is called from another offset than a vtable's. A linker that treats it as a vtable misses the call, and
//! does not instrument the caller. Such a caller once ran on while the coroutine was suspended, and wrote through a
//! `Box` that was not initialised.
//!
//! This is a separate crate, because the analysis depends on which other vtables there are.

use bysyncify::{Coroutine, embed};
use guest_support::{after_polls, run, tests};
use std::hint::black_box;

#[derive(Clone, Copy)]
struct Net(u32);

#[derive(Clone, Copy)]
struct Disk(u32);

trait Driver {
    fn read(&self) -> Box<u64>;
}

impl Driver for Net {
    #[inline(never)]
    fn read(&self) -> Box<u64> {
        embed(after_polls(1, ()));
        Box::new(u64::from(self.0) + 1000)
    }
}

impl Driver for Disk {
    #[inline(never)]
    fn read(&self) -> Box<u64> {
        embed(after_polls(1, ()));
        Box::new(u64::from(self.0) + 2000)
    }
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Operations<T> {
    init: Option<fn()>,
    block: usize,
    align: usize,
    read: fn(&T) -> Box<u64>,
}

#[repr(C)]
struct Device<T> {
    id: usize,
    opened: usize,
    operations: Operations<T>,
    state: T,
}

#[inline(never)]
fn operations(which: u32) -> &'static Operations<Net> {
    fn of_memory(net: &Net) -> Box<u64> {
        Box::new(u64::from(net.0))
    }
    if which == 0 {
        &Operations { init: None, block: 8, align: 4, read: <Net as Driver>::read }
    } else {
        &Operations { init: None, block: 16, align: 4, read: of_memory }
    }
}

#[inline(never)]
fn read(device: &Device<Net>) -> u64 {
    let mut value = (device.operations.read)(&device.state);
    *value += 1;
    *value
}

/// Reads from a driver behind a trait object, so that the analysis knows that `read` waits, and then from a device.
fn both(which: u32) -> (u64, u64) {
    let driver: Box<dyn Driver> =
        if black_box(which) < 9 { Box::new(Net(1)) } else { Box::new(Disk(2)) };
    let behind = *black_box(driver).read();
    let operations = *operations(black_box(which));
    let device = Device { id: 7, opened: 1, operations, state: Net(5) };
    black_box((device.id, device.opened, device.operations.init));
    black_box((device.operations.block, device.operations.align));
    (behind, read(black_box(&device)))
}

tests! {
    fn a_device_that_waits() {
        assert_eq!(run(Coroutine::new(65536, |_| both(0))), (3, (1001, 1006)));
    }

    fn a_device_that_does_not() {
        assert_eq!(run(Coroutine::new(65536, |_| both(1))), (2, (1001, 6)));
    }

    fn another_driver() {
        assert_eq!(run(Coroutine::new(65536, |_| both(9))), (2, (2002, 6)));
    }
}
