// Imports what Asyncify replaces: `resume` runs `entry`, which calls `inner`, and that is paused
// in `suspend`.

#[link(wasm_import_module = "asyncify")]
unsafe extern "C" {
    fn start_unwind(descriptor: *mut u8);
    fn stop_unwind();
    fn start_rewind(descriptor: *mut u8);
    fn stop_rewind();
}

#[unsafe(no_mangle)]
pub extern "C" fn resume(descriptor: *mut u8, is_suspended: bool, addend: f32) -> u32 {
    // SAFETY: Nothing runs this; it is only linked.
    unsafe {
        if is_suspended {
            start_rewind(descriptor);
        }
        let result = entry(descriptor, is_suspended, addend);
        stop_unwind();
        result
    }
}

#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn entry(descriptor: *mut u8, is_suspended: bool, addend: f32) -> u32 {
    inner(descriptor, is_suspended);
    // An instruction (`i32.trunc_sat_f32_u`) that wasm-opt takes only if it is told that the
    // module uses that feature.
    addend as u32
}

#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn inner(descriptor: *mut u8, is_suspended: bool) {
    suspend(descriptor, is_suspended);
    // So that it makes no tail call.
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

/// Is not below `resume`. Binaryen does not see that, nor whom it calls.
#[unsafe(no_mangle)]
pub extern "C" fn apart(function: extern "C" fn()) {
    function();
}
