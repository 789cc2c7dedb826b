//! Tells the tests whether AddressSanitizer watches them: it has locals elsewhere than on the stack.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(is_sanitized)");
    if std::env::var("CARGO_CFG_SANITIZE").is_ok_and(|sanitizers| sanitizers.contains("address")) {
        println!("cargo::rustc-cfg=is_sanitized");
    }
}
