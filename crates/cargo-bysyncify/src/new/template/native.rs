//! The same without WebAssembly: `cargo test --target host-tuple`, and `cargo run` likewise.

use std::thread;
use std::time::Duration;

use futures::channel::oneshot;

/// Runs a task to its end.
pub fn run(task: impl Future<Output = ()> + 'static) {
    futures::executor::block_on(task);
}

/// Waits for a time.
pub async fn sleep(milliseconds: u32) {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(milliseconds.into()));
        // Whoever waited may be gone.
        let _ = sender.send(());
    });
    receiver.await.expect("the thread sends");
}

/// Prints a line.
pub fn print(line: &str) {
    println!("{line}");
}
