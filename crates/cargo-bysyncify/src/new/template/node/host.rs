//! What the program wants of its host. The other side is `host.mjs`.

use std::cell::RefCell;
use std::collections::HashMap;

use futures::channel::oneshot;
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;

mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub fn print(text: *const u8, len: usize);
        pub fn print_error(text: *const u8, len: usize);
        pub safe fn start_timer(id: u32, milliseconds: u32);
    }
}

thread_local! {
    /// The executor.
    static POOL: RefCell<LocalPool> = RefCell::default();
    /// Who waits for which timer.
    static TIMERS: RefCell<HashMap<u32, oneshot::Sender<()>>> = RefCell::default();
}

/// Runs a task. This returns as soon as the task waits; it goes on when the host calls.
pub fn run(task: impl Future<Output = ()> + 'static) {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        // SAFETY: the host copies the text while this call runs.
        unsafe { sys::print_error(text.as_ptr(), text.len()) }
    }));
    POOL.with_borrow_mut(|pool| {
        pool.spawner()
            .spawn_local(task)
            .expect("the executor has not ended");
        pool.run_until_stalled();
    });
}

/// Called by the host when a timer has run out.
#[unsafe(no_mangle)]
pub extern "C" fn timer_ended(id: u32) {
    if let Some(timer) = TIMERS.with_borrow_mut(|timers| timers.remove(&id)) {
        // Whoever waited may be gone.
        let _ = timer.send(());
    }
    POOL.with_borrow_mut(LocalPool::run_until_stalled);
}

/// Waits for a time.
pub async fn sleep(milliseconds: u32) {
    let (sender, receiver) = oneshot::channel();
    let id = TIMERS.with_borrow_mut(|timers| {
        let id = (0..)
            .find(|id| !timers.contains_key(id))
            .expect("there are free numbers");
        timers.insert(id, sender);
        id
    });
    sys::start_timer(id, milliseconds);
    receiver
        .await
        .expect("a timer is kept until it has run out");
}

/// Prints a line: `println!` has nowhere to print to on this target.
pub fn print(line: &str) {
    // SAFETY: the host copies the text while this call runs.
    unsafe { sys::print(line.as_ptr(), line.len()) }
}
