//! Exports the function table: the host calls back through it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // As `__indirect_function_table`.
    println!("cargo::rustc-link-arg-cdylib=--export-table");
}
