// Can be suspended, and does what Asyncify, or an old `wasm-opt`, does not know: `--cfg tail_call`
// or the like, and the target feature.

#[link(wasm_import_module = "asyncify")]
unsafe extern "C" {
    fn start_unwind(descriptor: *mut u8);
}

#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn last(descriptor: *mut u8) {
    // SAFETY: Nothing runs this; it is only linked.
    unsafe { start_unwind(descriptor) }
    core::hint::black_box(());
}

#[cfg(tail_call)]
mod inner {
    #[inline(never)]
    pub(crate) fn tail(descriptor: *mut u8) {
        super::last(descriptor);
    }
}

#[cfg(tail_call)]
#[unsafe(no_mangle)]
pub extern "C" fn run(descriptor: *mut u8) -> u32 {
    inner::tail(descriptor);
    1
}

#[cfg(wide_arithmetic)]
mod inner {
    #[inline(never)]
    pub(crate) fn wide(x: u64, y: u64) -> u128 {
        u128::from(x) * u128::from(y)
    }
}

#[cfg(wide_arithmetic)]
#[unsafe(no_mangle)]
pub extern "C" fn run(x: u64, y: u64) -> u64 {
    (inner::wide(x, y) >> 60) as u64
}
