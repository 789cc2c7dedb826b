//! Cargo.toml and the build script agree on where coroutines run natively. If only the one knew a target,
//! the other's would not compile there, or panic.

use std::fs;
use std::path::Path;

#[path = "../build/native.rs"]
mod native;

/// The values that a condition of Cargo.toml names for a key.
fn named<'a>(condition: &'a str, key: &str) -> Vec<&'a str> {
    let key = format!("{key} = \"");
    condition.split(key.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn cargo_and_the_build_script_know_the_same_targets() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let condition = |has: &str| {
        let is_it = |line: &&str| line.starts_with("[target.'cfg(") && line.contains(has);
        manifest.lines().find(is_it).unwrap_or_else(|| panic!("no dependencies for {has}"))
    };
    let unix = condition("target_os = \"linux\"");
    // What is not meant is said at the end.
    let (unix, exceptions) = unix.split_once("not(").unwrap();
    assert_eq!(named(unix, "target_os"), native::UNIX);
    assert_eq!(named(unix, "target_arch"), native::ON_UNIX);
    assert_eq!(named(exceptions, "target_arch"), ["x86_64", "aarch64", "arm"]);
    assert_eq!(named(condition("all(windows"), "target_arch"), native::ON_WINDOWS);
}

#[test]
fn targets_are_told_apart() {
    let supported = [
        ("linux", "x86_64", "unknown", "64"),
        ("linux", "arm", "unknown", "32"),
        ("macos", "aarch64", "apple", "64"),
        ("windows", "x86", "pc", "32"),
    ];
    let others = [
        ("linux", "x86_64", "unknown", "32"),
        ("ios", "arm", "apple", "32"),
        ("windows", "aarch64", "pc", "64"),
        ("linux", "s390x", "unknown", "64"),
        ("none", "arm", "unknown", "32"),
    ];
    for (os, arch, vendor, width) in supported {
        assert!(native::is_supported(os, arch, vendor, width), "{os} {arch}");
    }
    for (os, arch, vendor, width) in others {
        assert!(!native::is_supported(os, arch, vendor, width), "{os} {arch}");
    }
}
