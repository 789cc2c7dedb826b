//! A table of function pointers that looks like a vtable, is copied, and called at another offset.

mod lib;

use std::hint::black_box;

use bysyncify::{Coroutine, embed};
use lib::{pause, run, say, start};

const STACK: usize = 64 * 1024;

struct Net(u32);

struct Disk(u32);

trait Driver {
    fn read(&self) -> Box<u32>;
}

impl Driver for Net {
    #[inline(never)]
    fn read(&self) -> Box<u32> {
        embed(pause());
        Box::new(self.0 + 1000)
    }
}

impl Driver for Disk {
    #[inline(never)]
    fn read(&self) -> Box<u32> {
        Box::new(self.0 + 2000)
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Ops {
    init: Option<fn()>,
    block: usize,
    align: usize,
    read: fn(&Net) -> Box<u32>,
}

#[repr(C)]
struct Device {
    id: u32,
    on: u32,
    ops: Ops,
    state: Net,
}

#[inline(never)]
fn ops(n: u32) -> &'static Ops {
    if n == 0 {
        &Ops { init: None, block: 8, align: 4, read: <Net as Driver>::read }
    } else {
        &Ops { init: None, block: 16, align: 4, read: |net| Box::new(net.0) }
    }
}

#[inline(never)]
fn use_device(device: &Device) -> u32 {
    let mut value = (device.ops.read)(&device.state);
    // This would write through a null pointer in the middle of an unwind.
    *value += device.id + device.on;
    say("used");
    *value
}

/// What waits is known to: by a real vtable it is called, too.
#[unsafe(no_mangle)]
extern "C" fn called_by_a_vtable() {
    start();
    run("it", Coroutine::new(STACK, |_| say(format!("{}", driver(0).read()))));
}

fn driver(n: u32) -> Box<dyn Driver> {
    if black_box(n) == 0 { Box::new(Net(1)) } else { Box::new(Disk(2)) }
}

#[unsafe(no_mangle)]
extern "C" fn copied() {
    start();
    let coroutine = Coroutine::new(STACK, |_| {
        let device = Device { id: 7, on: 1, ops: *ops(black_box(0)), state: Net(5) };
        say(format!("{}", use_device(black_box(&device))));
    });
    run("it", coroutine);
}
