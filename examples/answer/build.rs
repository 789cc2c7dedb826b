//! Tells the linker which import the host answers later by itself.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-cdylib=--bysyncify-suspends=env.await_answer");
}
