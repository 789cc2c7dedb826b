// Imports what Binaryen refuses.

#[link(wasm_import_module = "asyncify")]
unsafe extern "C" {
    fn get_state() -> u32;
}

#[unsafe(no_mangle)]
pub extern "C" fn state() -> u32 {
    // SAFETY: Nothing runs this; it is only linked.
    unsafe { get_state() }
}
