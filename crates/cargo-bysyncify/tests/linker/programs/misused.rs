// Imports and exports that the linker refuses, one at a time: `--cfg get_state` or the like.

#[link(wasm_import_module = "asyncify")]
unsafe extern "C" {
    #[cfg(get_state)]
    fn get_state() -> u32;
    #[cfg(pause)]
    fn pause() -> u32;
    #[cfg(asyncified)]
    fn stop_unwind();
}

#[cfg(any(get_state, pause))]
#[unsafe(no_mangle)]
pub extern "C" fn wait() -> u32 {
    // SAFETY: Nothing runs this; it is only linked.
    unsafe {
        #[cfg(get_state)]
        return get_state();
        #[cfg(pause)]
        return pause();
    }
}

/// As if it had been through Asyncify.
#[cfg(asyncified)]
#[unsafe(no_mangle)]
pub extern "C" fn asyncify_start_unwind() {
    // SAFETY: As above.
    unsafe { stop_unwind() }
}
