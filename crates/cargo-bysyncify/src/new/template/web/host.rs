//! What the program wants of the page. The other side is `host.js`.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen(module = "/src/host.js")]
extern "C" {
    /// Waits for a time.
    pub async fn sleep(milliseconds: u32);

    /// Adds a line to the page.
    pub fn print(line: &str);
}

/// Runs a task. This returns at once.
pub fn run(task: impl Future<Output = ()> + 'static) {
    std::panic::set_hook(Box::new(|info| print(&info.to_string())));
    spawn_local(task);
}
