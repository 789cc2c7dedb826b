// A coroutine stops the thread; so does whoever is outside of it.

#[link(wasm_import_module = "asyncify")]
unsafe extern "C" {
    fn start_unwind(descriptor: *mut u8);
    fn stop_unwind();
    fn start_rewind(descriptor: *mut u8);
    fn stop_rewind();
}

#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn resume(descriptor: *mut u8, is_suspended: bool) {
    // SAFETY: Nothing runs this; it is only linked.
    unsafe {
        if is_suspended {
            start_rewind(descriptor);
        }
        entry(descriptor, is_suspended);
        stop_unwind();
    }
}

#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn entry(descriptor: *mut u8, is_suspended: bool) {
    suspend(descriptor, is_suspended);
    #[cfg(inside)]
    std::thread::park();
    core::hint::black_box(());
}

#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn suspend(descriptor: *mut u8, is_suspended: bool) {
    // SAFETY: As above.
    unsafe {
        if is_suspended { stop_rewind() } else { start_unwind(descriptor) }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn outside(descriptor: *mut u8) {
    resume(descriptor, false);
    std::thread::park();
}
