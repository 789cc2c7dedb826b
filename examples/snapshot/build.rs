//! Makes the program's own stack small: it is a part of what is saved.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The linker's default is 1 MiB.
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=32768");
}
