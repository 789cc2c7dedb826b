//! Emits the switch object, packs it and tells Cargo to link it. See `build/object.rs`.

use std::{env, fs, path::PathBuf, process::Command};

#[path = "build/abi.rs"]
#[allow(dead_code, reason = "the library uses the rest")]
mod abi;
#[path = "build/archive.rs"]
mod archive;
#[path = "build/encode.rs"]
mod encode;
#[path = "build/native.rs"]
mod native;
#[path = "build/object.rs"]
mod object;
#[path = "build/stack_pointer.rs"]
mod stack_pointer;
#[path = "build/threads.rs"]
mod threads;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rustc-check-cfg=cfg(bysyncify_switch)");
    println!("cargo::rustc-check-cfg=cfg(bysyncify_single_threaded)");
    println!("cargo::rustc-check-cfg=cfg(bysyncify_threads)");
    println!("cargo::rustc-check-cfg=cfg(bysyncify_native)");
    println!("cargo::rustc-check-cfg=cfg(bysyncify_std)");
    println!("cargo::rustc-check-cfg=cfg(bysyncify_asan)");

    let variable = |name| env::var(name).unwrap_or_default();
    let width = match variable("CARGO_CFG_TARGET_ARCH").as_str() {
        "wasm32" => encode::Width::W32,
        "wasm64" => encode::Width::W64,
        _ => {
            println!("cargo::rustc-env=BYSYNCIFY_TARGET={}", variable("TARGET"));
            choose_native_switch();
            return;
        }
    };
    let refusal = stack_pointer::refusal(
        &variable("TARGET"),
        &variable("CARGO_CFG_TARGET_ENV"),
        &variable("CARGO_CFG_TARGET_FEATURE"),
        &variable("CARGO_ENCODED_RUSTFLAGS"),
        llvm_version,
    );
    if let Some(refusal) = refusal {
        println!("cargo::error={refusal}");
        return;
    }
    if env::var_os("CARGO_FEATURE_STD").is_some() {
        println!("cargo::rustc-cfg=bysyncify_std");
    }
    let threads = threads::possible(
        &variable("TARGET"),
        &variable("CARGO_CFG_TARGET_FEATURE"),
        &variable("CARGO_ENCODED_RUSTFLAGS"),
    );

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    let library = archive::archive("switch.o", &object::emit(width, threads));
    let path = out.join("libbysyncify_switch.a");
    if let Err(error) = fs::write(&path, library) {
        println!("cargo::error=cannot write the switch object to {}: {error}", path.display());
        return;
    }
    println!("cargo::rustc-link-search=native={}", out.display());
    println!("cargo::rustc-link-lib=static=bysyncify_switch");
    println!("cargo::rustc-cfg=bysyncify_switch");
    if !threads {
        println!("cargo::rustc-cfg=bysyncify_single_threaded");
    }
}

/// Returns the version of the compiler's LLVM, if the compiler can be called.
fn llvm_version() -> Option<u32> {
    let output = Command::new(env::var_os("RUSTC")?).arg("-vV").output().ok()?;
    stack_pointer::llvm_version(&String::from_utf8(output.stdout).ok()?)
}

/// Selects the switch of a native program. Without one, the crate compiles all the same, so that it can be checked
/// and documented.
fn choose_native_switch() {
    let is_set = |name| env::var_os(name).is_some();
    let variable = |name: &str| env::var(format!("CARGO_CFG_{name}")).unwrap_or_default();
    let [os, arch, vendor, width] =
        ["TARGET_OS", "TARGET_ARCH", "TARGET_VENDOR", "TARGET_POINTER_WIDTH"].map(variable);
    // Miri cannot run assembler, so it uses threads.
    let has_threads = is_set("CARGO_CFG_BYSYNCIFY_THREADS") || is_set("CARGO_CFG_MIRI");
    let is_native = !has_threads && native::is_supported(&os, &arch, &vendor, &width);
    if has_threads {
        println!("cargo::rustc-cfg=bysyncify_threads");
    }
    if is_native {
        println!("cargo::rustc-cfg=bysyncify_native");
    }
    if is_native || is_set("CARGO_FEATURE_STD") {
        println!("cargo::rustc-cfg=bysyncify_std");
    }
    if variable("SANITIZE").split(',').any(|name| name == "address") {
        println!("cargo::rustc-cfg=bysyncify_asan");
    }
}
