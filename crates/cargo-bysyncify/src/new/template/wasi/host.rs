//! What the program wants of WASI.

use std::time::Duration;

use bysyncify::wasi;

/// Runs a task to its end. While it waits the host waits, too.
pub fn run(task: impl Future<Output = ()>) {
    wasi::block_on(task);
}

/// Waits for a time.
pub async fn sleep(milliseconds: u32) {
    wasi::sleep(Duration::from_millis(milliseconds.into())).await;
}

/// Prints a line.
pub fn print(line: &str) {
    println!("{line}");
}
