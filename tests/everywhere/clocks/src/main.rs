//! A host without wasm-bindgen has a function for the time and one for random numbers. The three versions
//! of `getrandom` that programs depend on are told of it.

use bysyncify::{Coroutine, embed};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

mod host {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        /// Milliseconds since some time.
        pub(crate) safe fn now() -> f64;
        /// Writes so many random bytes.
        pub(crate) unsafe fn random(bytes: *mut u8, len: usize);
        /// Prints a line.
        pub(crate) unsafe fn print(text: *const u8, len: usize);
    }
}

/// `getrandom` 0.2, with its feature `custom`.
fn for_02(bytes: &mut [u8]) -> Result<(), getrandom_02::Error> {
    // SAFETY: so many bytes are there.
    unsafe { host::random(bytes.as_mut_ptr(), bytes.len()) };
    Ok(())
}
getrandom_02::register_custom_getrandom!(for_02);

/// `getrandom` 0.3 and 0.4, with `--cfg getrandom_backend="custom"`.
///
/// # Safety
///
/// - So many bytes can be written there.
// SAFETY: the name is theirs, and no other crate has it.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    bytes: *mut u8,
    len: usize,
) -> Result<(), getrandom_04::Error> {
    // SAFETY: our caller's promise.
    unsafe { host::random(bytes, len) };
    Ok(())
}

/// One of each version.
fn random() -> [u64; 3] {
    let mut bytes = [[0; 8]; 3];
    getrandom_02::getrandom(&mut bytes[0]).expect("0.2");
    getrandom_03::fill(&mut bytes[1]).expect("0.3");
    getrandom_04::fill(&mut bytes[2]).expect("0.4");
    bytes.map(u64::from_le_bytes)
}

/// Pending, as long as this takes.
async fn sleep(milliseconds: f64) {
    let end = host::now() + milliseconds;
    std::future::poll_fn(|_| if host::now() < end { Poll::Pending } else { Poll::Ready(()) }).await;
}

fn main() {
    let mut coroutine = pin!(Coroutine::with_default_stack(|_| {
        let begin = host::now();
        let mut numbers = random().to_vec();
        embed(sleep(20.0));
        numbers.extend(random());
        numbers.sort_unstable();
        numbers.dedup();
        format!("{} numbers, 20 ms went by: {}", numbers.len(), host::now() - begin >= 20.0)
    }));
    let mut polls = 0;
    let line = loop {
        polls += 1;
        if let Poll::Ready(line) = coroutine.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            break line;
        }
    };
    let line = format!("{line}, it waited: {}", polls > 1);
    // SAFETY: a text.
    unsafe { host::print(line.as_ptr(), line.len()) };
}
