//! Where the stack pointer is no global: the build script says so, and what to do.

#[path = "../build/stack_pointer.rs"]
mod stack_pointer;

use stack_pointer::{llvm_version, refusal};

/// Whether it is refused, for a target environment, with these flags for rustc and this LLVM.
fn is_refused(environment: &str, flags: &[&str], llvm: Option<u32>) -> bool {
    let features = "bulk-memory,multivalue";
    refusal("the-target", environment, features, &flags.join("\u{1f}"), || llvm).is_some()
}

#[test]
fn wasip3_is_refused_from_llvm_23_on() {
    assert!(!is_refused("p3", &[], Some(22)));
    assert!(is_refused("p3", &[], Some(23)));
    assert!(is_refused("p3", &[], None), "who knows");
    for environment in ["", "p1", "p2"] {
        assert!(!is_refused(environment, &[], Some(23)));
    }
}

#[test]
fn what_flags_say_of_the_feature_counts() {
    let (on, off) =
        ("target-feature=+libcall-thread-context", "target-feature=-libcall-thread-context");
    assert!(is_refused("", &["-C", on], Some(22)));
    assert!(is_refused("", &["-Ctarget-feature=+simd128,+libcall-thread-context"], Some(22)));
    assert!(!is_refused("p3", &["-C", off], Some(23)));
    assert!(!is_refused("p3", &["-C", on, "-C", off], Some(23)));
    assert!(is_refused("p3", &["-C", off, "-C", on], Some(23)));
    let listed = refusal("the-target", "", "simd128,libcall-thread-context", "", || Some(22));
    assert!(listed.is_some());
}

#[test]
fn it_is_said_why_and_what_to_do() {
    assert_eq!(
        refusal("wasm32-wasip3", "p3", "", "", || Some(23)).unwrap(),
        "bysyncify cannot switch stacks on wasm32-wasip3: its stack pointer is not a global there, but behind \
         the functions `__wasm_get_stack_pointer` and `__wasm_set_stack_pointer` (LLVM's \
         `libcall-thread-context`). Build for `wasm32-wasip2`: engines that run components of the one run those \
         of the other"
    );
}

#[test]
fn the_version_of_llvm_is_in_what_rustc_says_of_itself() {
    let said = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nrelease: 1.95.0\nLLVM version: 22.1.2\n";
    assert_eq!(llvm_version(said), Some(22));
    assert_eq!(llvm_version("rustc 1.95.0\n"), None);
}
