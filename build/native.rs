//! Where coroutines run natively: where `corosensei` can switch stacks, and there is `std`.
//!
//! Cargo.toml says the same, so that nobody else compiles that crate; `tests/native_targets.rs`
//! compares the two.

/// The operating systems of the Unix kind.
pub(crate) const UNIX: [&str; 8] =
    ["linux", "android", "macos", "ios", "freebsd", "netbsd", "openbsd", "dragonfly"];

/// What those run on.
pub(crate) const ON_UNIX: [&str; 7] =
    ["x86_64", "x86", "aarch64", "arm", "riscv64", "riscv32", "loongarch64"];

/// What Windows runs on.
pub(crate) const ON_WINDOWS: [&str; 2] = ["x86_64", "x86"];

/// Whether they do on this target, of which Cargo tells so much.
pub(crate) fn is_supported(os: &str, arch: &str, vendor: &str, pointer_width: &str) -> bool {
    let is_64_bit_with_short_pointers =
        matches!(arch, "x86_64" | "aarch64") && pointer_width == "32";
    let unwinds_in_a_way_of_its_own = arch == "arm" && vendor == "apple";
    if is_64_bit_with_short_pointers || unwinds_in_a_way_of_its_own {
        return false;
    }
    match os {
        "windows" => ON_WINDOWS.contains(&arch),
        _ => UNIX.contains(&os) && ON_UNIX.contains(&arch),
    }
}
