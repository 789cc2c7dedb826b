//! The functions of the host: input, which may come later, and output.
//!
//! `onReady(callback, frame)` reports an event as C libraries do: the host calls `callback(frame)` later, once.

use std::cell::Cell;
use std::ffi::c_void;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

mod sys {
    use std::ffi::c_void;

    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub(super) fn print(text: *const u8, len: usize);
        pub(super) fn read(to: *mut u8, len: usize) -> usize;
        #[link_name = "onReady"]
        pub(super) fn on_ready(
            callback: unsafe extern "C" fn(frame: *const c_void),
            frame: *const c_void,
        );
    }
}

/// Prints, without waiting.
pub(crate) fn print(text: &[u8]) {
    // SAFETY: the host copies the text while this call runs.
    unsafe { sys::print(text.as_ptr(), text.len()) }
}

/// Reads what is there, without waiting. 0 is the end.
pub(crate) fn read(buffer: &mut [u8]) -> usize {
    // SAFETY: the host writes to the buffer while this call runs, and not beyond its end.
    unsafe { sys::read(buffer.as_mut_ptr(), buffer.len()) }
}

/// Waits until the host says that there is something to read, or that nothing more will come.
pub(crate) async fn ready() {
    let ready = Rc::new(Cell::new(false));
    // The host keeps one of the two references, so this future may be dropped before it calls back.
    let frame = Rc::into_raw(Rc::clone(&ready)).cast();
    // SAFETY: `called_back` is to be called once with this pointer.
    unsafe { sys::on_ready(called_back, frame) };
    poll_fn(|_| if ready.get() { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// # Safety
///
/// - `frame` comes from `ready`, and this is called once with it.
unsafe extern "C" fn called_back(frame: *const c_void) {
    // SAFETY: this is what `ready` has given away.
    let ready = unsafe { Rc::from_raw(frame.cast::<Cell<bool>>()) };
    ready.set(true);
    crate::resume();
}
