//! What the library and who adds code to a linked module must agree on.
//!
//! It stands in two files, which are the same: `build/linker_abi.rs`, for the library, its build
//! script and its tests, and `crates/wasm-asyncify/src/abi.rs`, for what makes modules pausable.
//! Neither crate is packed with a file of the other, and a link is no file on every system. Change
//! one and copy it: `cargo xtask check` compares them.

#![allow(dead_code, reason = "each of those who include this needs a part of it")]

// The functions of the switch (`build/switch.wat`), by their names in a linked module.
pub(crate) const RESUME: &str = "bysyncify_resume";
pub(crate) const SUSPEND: &str = "bysyncify_suspend";
pub(crate) const CURRENT: &str = "bysyncify_current";
pub(crate) const OUTSIDE: &str = "bysyncify_outside";
pub(crate) const INTACT: &str = "bysyncify_intact";
/// The library calls it to say whom checks report to. Gets a body where there are checks.
pub(crate) const SET_REPORTER: &str = "bysyncify_set_reporter";
/// Returns an `OUTSIDE_…`. Gets a body where code is set aside for other reasons.
pub(crate) const WHY_OUTSIDE: &str = "bysyncify_why_outside";
pub(crate) const STACK_LEFT: &str = "bysyncify_stack_left";

/// All of them.
pub(crate) const SWITCH: [&str; 8] =
    [RESUME, SUSPEND, CURRENT, OUTSIDE, INTACT, SET_REPORTER, WHY_OUTSIDE, STACK_LEFT];

// Its globals.
/// The core of the coroutine that runs, or null.
pub(crate) const CURRENT_CORE: &str = "bysyncify_current_core";
/// What the stack pointer must not pass; null on the host's stack.
pub(crate) const STACK_LIMIT: &str = "bysyncify_stack_limit";
/// How far that is above the low end of what is free of the stack.
pub(crate) const STACK_RESERVE: &str = "bysyncify_stack_reserve";
/// The core of the coroutine whose stack that is. Means nothing while the limit is null.
pub(crate) const STACK_OWNER: &str = "bysyncify_stack_owner";

/// How far below its stack pointer a function may write: LLVM does not move the pointer for a
/// frame of up to this many bytes, if the function calls no other. ("Red zone" in its
/// `WebAssemblyFrameLowering.cpp`.)
pub(crate) const LLVM_RED_ZONE: usize = 128;

// What `bysyncify_why_outside` returns, if not 0: where one is when no coroutine is current.
/// In what every panic goes through, or in a panic hook.
pub(crate) const OUTSIDE_IN_PANIC: usize = 1;
/// In the initialiser of a `thread_local!`.
pub(crate) const OUTSIDE_IN_INITIALISER: usize = 2;
/// In what runs while a panic unwinds.
pub(crate) const OUTSIDE_IN_CLEANUP: usize = 3;

// Offsets into the library's `Report`, in pointers: what a check hands over.
pub(crate) const REPORT_FUNCTION: usize = 0;
pub(crate) const REPORT_FUNCTION_LEN: usize = 1;
pub(crate) const REPORT_NUMBER: usize = 2;
pub(crate) const REPORT_LOWEST: usize = 3;
pub(crate) const REPORT_OWNER: usize = 4;
pub(crate) const REPORT_CALLEE: usize = 5;
/// The size of one, in pointers.
pub(crate) const REPORT_WORDS: usize = 6;

// What is in place of the lowest address, if it is not the stack that was checked.
/// No coroutine may call the function.
pub(crate) const REPORT_PARKED: usize = 1;
/// The function is about to initialise a `thread_local!` that another one has.
pub(crate) const REPORT_REINITIALISED: usize = 2;
