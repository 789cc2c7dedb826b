//! Random numbers for the crate `getrandom`: `.cargo/config.toml` has the `--cfg` that it needs.

/// # Safety
///
/// - `len` bytes can be written to `to`.
// SAFETY: the name is getrandom's, and no other crate has it.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    to: *mut u8,
    len: usize,
) -> Result<(), getrandom::Error> {
    let mut bytes = vec![0; len];
    crate::random(&mut bytes);
    // SAFETY: our caller's promise.
    unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), len) };
    Ok(())
}
