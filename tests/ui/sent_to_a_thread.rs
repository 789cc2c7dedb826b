//! Where there are threads, a coroutine stays on its own.

use bysyncify::Coroutine;

fn main() {
    let coroutine = Coroutine::new(4096, |_| 1);
    std::thread::spawn(move || drop(coroutine));
}
