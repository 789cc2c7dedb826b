//! Makes the program's own stack small, so that everything fits into one page of memory.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The linker's default is 1 MiB.
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=16384");
}
