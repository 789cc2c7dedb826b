//! Tells the linker which functions of SQLite never wait: see docs/cookbook.md.

use std::env;

/// The first of these lists is also for the program in `../opfs`.
const LISTS: [&str; 2] = [include_str!("no_suspend.txt"), include_str!("read_only.txt")];

fn main() {
    println!("cargo::rerun-if-changed=no_suspend.txt");
    println!("cargo::rerun-if-changed=read_only.txt");
    let lines = LISTS.iter().flat_map(|list| list.lines());
    let list: Vec<_> = lines.filter(|line| !line.starts_with('#')).collect();
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg=--bysyncify-assume-no-suspend={}", list.join(","));
    }
}
