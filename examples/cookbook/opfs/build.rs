//! Tells the linker which functions of SQLite never wait: see docs/cookbook.md.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../sqlite/no_suspend.txt");
    let lines = include_str!("../sqlite/no_suspend.txt").lines();
    let list: Vec<_> = lines.filter(|line| !line.starts_with('#')).collect();
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg=--bysyncify-assume-no-suspend={}", list.join(","));
    }
}
