// Imports what Asyncify replaces, and calls it through a function that must be instrumented.

#[link(wasm_import_module = "asyncify")]
unsafe extern "C" {
    fn start_unwind(descriptor: *mut u8);
    fn stop_rewind();
}

#[unsafe(no_mangle)]
pub extern "C" fn outer(descriptor: *mut u8, addend: f32) -> u32 {
    // An instruction (`i32.trunc_sat_f32_u`) that wasm-opt takes only if it is told that the
    // module uses that feature.
    middle(descriptor) + addend as u32
}

#[inline(never)]
fn middle(descriptor: *mut u8) -> u32 {
    // SAFETY: Nothing runs this; it is only linked.
    unsafe {
        if descriptor.is_null() { stop_rewind() } else { start_unwind(descriptor) }
    }
    1
}
