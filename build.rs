//! Emits the switch object, packs it and tells Cargo to link it. See `build/object.rs`.

use std::{env, fs, path::PathBuf};

#[path = "build/abi.rs"]
#[allow(dead_code, reason = "the library uses the rest")]
mod abi;
#[path = "build/archive.rs"]
mod archive;
#[path = "build/encode.rs"]
mod encode;
#[path = "build/object.rs"]
mod object;
#[path = "build/threads.rs"]
mod threads;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rustc-check-cfg=cfg(bysyncify_switch)");
    println!("cargo::rustc-check-cfg=cfg(bysyncify_single_threaded)");
    println!("cargo::rustc-check-cfg=cfg(bysyncify_threads)");

    let variable = |name| env::var(name).unwrap_or_default();
    let width = match variable("CARGO_CFG_TARGET_ARCH").as_str() {
        "wasm32" => encode::Width::W32,
        "wasm64" => encode::Width::W64,
        // Elsewhere the crate compiles, so that it can be checked, documented and tested.
        _ => {
            println!("cargo::rustc-env=BYSYNCIFY_TARGET={}", variable("TARGET"));
            return;
        }
    };
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
