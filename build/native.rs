//! Targets on which coroutines run natively: those for which `corosensei` can switch stacks, and that have `std`.
//!
//! Cargo.toml has the same condition, so that other targets do not compile that crate. `tests/native_targets.rs`
//! compares the two.

/// The operating systems of the Unix kind.
pub(crate) const UNIX: [&str; 8] =
    ["linux", "android", "macos", "ios", "freebsd", "netbsd", "openbsd", "dragonfly"];

/// The processors of these.
pub(crate) const ON_UNIX: [&str; 7] =
    ["x86_64", "x86", "aarch64", "arm", "riscv64", "riscv32", "loongarch64"];

/// The processors of Windows.
pub(crate) const ON_WINDOWS: [&str; 2] = ["x86_64", "x86"];

/// Whether coroutines run natively on a target with these values of Cargo's variables.
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
