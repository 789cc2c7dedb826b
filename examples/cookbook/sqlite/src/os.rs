//! The functions that `sqlite-wasm-rs` needs from a host without wasm-bindgen. (Its feature `wasm-bindgen` has all of
//! them.)

use std::ffi::{c_int, c_void};

use cookbook_host as host;

const OK: c_int = 0;
const UNSUPPORTED: c_int = 1;

/// SQLite sleeps when a database is locked, and this one never is.
#[unsafe(no_mangle)]
extern "C" fn rust_sqlite_wasm_host_sleep(_seconds: u64, _nanoseconds: u32) {}

/// # Safety
///
/// - `len` bytes can be written to `to`.
#[unsafe(no_mangle)]
unsafe extern "C" fn rust_sqlite_wasm_host_random(to: *mut u8, len: usize) -> usize {
    let mut bytes = vec![0; len];
    host::random(&mut bytes);
    // SAFETY: our caller's promise.
    unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), len) };
    len
}

/// # Safety
///
/// - A number can be written to `to`.
#[unsafe(no_mangle)]
unsafe extern "C" fn rust_sqlite_wasm_host_epoch_timestamp_in_ms(to: *mut i64) -> c_int {
    // SAFETY: our caller's promise.
    unsafe { to.write(host::now() as i64) };
    OK
}

/// For encrypted databases.
#[unsafe(no_mangle)]
extern "C" fn rust_sqlite_wasm_host_fill_entropy(_: *mut u8, _len: usize) -> c_int {
    UNSUPPORTED
}

/// For SQL's `localtime`.
#[unsafe(no_mangle)]
extern "C" fn rust_sqlite_wasm_host_localtime(_seconds: i64, _: *mut c_void) -> c_int {
    UNSUPPORTED
}
