//! The interface to JavaScript.

mod sys {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(crate) fn log(text: *const u8, length: usize);
        pub(crate) safe fn callback() -> u32;
    }
}

/// Adds a line to the log that JavaScript gets.
pub(crate) fn log(text: impl AsRef<str>) {
    let text = text.as_ref();
    // SAFETY: JavaScript reads these bytes, now.
    unsafe { sys::log(text.as_ptr(), text.len()) }
}

/// Calls JavaScript, which may call back.
pub(crate) fn callback() -> u32 {
    sys::callback()
}

/// Logs each panic's message.
pub(crate) fn start() {
    std::panic::set_hook(Box::new(|info| {
        log(format!("panic: {}", info.payload_as_str().unwrap_or_default()));
    }));
}
