//! Names and layouts that the library and the engine, which adds code to a linked module, must agree on.
//!
//! There are two copies of this file: `build/linker_abi.rs`, for the library, its build script and
//! its tests, and `crates/wasm-asyncify/src/abi.rs`, for the engine.
//! A crate cannot be packaged with a file of the other, and symbolic links do not work on every system.
//! Change one and copy it: `cargo xtask check` compares them.

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
/// Gets a body where it is known what is in the frames of suspended functions.
pub(crate) const SYMBOLS: &str = "bysyncify_symbols";

/// All of them.
pub(crate) const SWITCH: [&str; 9] =
    [RESUME, SUSPEND, CURRENT, OUTSIDE, INTACT, SET_REPORTER, WHY_OUTSIDE, STACK_LEFT, SYMBOLS];

// Its globals.
/// The core of the coroutine that runs, or null.
pub(crate) const CURRENT_CORE: &str = "bysyncify_current_core";
/// What the stack pointer must not pass; null on the host's stack.
pub(crate) const STACK_LIMIT: &str = "bysyncify_stack_limit";
/// How far that is above the low end of what is free of the stack.
pub(crate) const STACK_RESERVE: &str = "bysyncify_stack_reserve";

// Offsets into a core, in pointers.
/// The coroutine's `__stack_pointer`, installed by the next resume.
pub(crate) const STACK_POINTER: usize = 2;
/// A `u32`, which phase the coroutine is in.
pub(crate) const PHASE: usize = 3;
/// The phase of one that was suspended, from where it is resumed to where it goes on.
pub(crate) const REWINDING: u32 = 4;

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

// What `bysyncify_symbols` copies from: words of 32 bits, the lowest byte first, and texts. Places are bytes from the
// beginning, and so are those of tables. It begins with these words.
/// [`SYMBOLS_FORMAT`].
pub(crate) const SYMBOLS_VERSION: u32 = 0;
/// 1 if functions are resumed one by one: then each frame begins with the number of its function. 0 if all are at
/// once: then a function is found by the call of the one around it.
pub(crate) const SYMBOLS_ONE_BY_ONE: u32 = 1;
/// The functions, in the order of those numbers; and how many there are. Then the same of what is in the program's table.
pub(crate) const SYMBOLS_FUNCTIONS: u32 = 2;
pub(crate) const SYMBOLS_FUNCTION_COUNT: u32 = 3;
pub(crate) const SYMBOLS_TABLE: u32 = 4;
pub(crate) const SYMBOLS_TABLE_COUNT: u32 = 5;
/// How many words it begins with.
pub(crate) const SYMBOLS_WORDS: u32 = 6;
/// Changes with what stands here.
pub(crate) const SYMBOLS_FORMAT: u32 = 1;

// What there is of each function, in words.
/// Bytes of its frame. [`SYMBOLS_NONE`] if it has none though others say whose they are.
pub(crate) const FUNCTION_SIZE: u32 = 0;
/// Where a frame says which call was suspended, or [`SYMBOLS_NONE`].
pub(crate) const FUNCTION_POSITION: u32 = 1;
/// Its index in the module, which is what it is called if it has no name.
pub(crate) const FUNCTION_INDEX: u32 = 2;
/// Where its name is, and how many bytes that has: none if it is not known.
pub(crate) const FUNCTION_NAME: u32 = 3;
/// Its calls, and how many there are.
pub(crate) const FUNCTION_SITES: u32 = 5;
pub(crate) const FUNCTION_SITE_COUNT: u32 = 6;
pub(crate) const FUNCTION_WORDS: u32 = 7;

// What there is of each call, in words.
/// What is at the position.
pub(crate) const SITE_NUMBER: u32 = 0;
/// One of the `CALLED_…`, and after it what that is of.
pub(crate) const SITE_CALLED: u32 = 1;
/// The lines that it is on, and how many there are: the innermost of what was inlined is first.
pub(crate) const SITE_LINES: u32 = 3;
pub(crate) const SITE_LINE_COUNT: u32 = 4;
pub(crate) const SITE_WORDS: u32 = 5;

/// Nobody who has a frame.
pub(crate) const CALLED_NOBODY: u32 = 0;
/// The function of this number.
pub(crate) const CALLED_FUNCTION: u32 = 1;
/// What is in the table at the index that is here in the frame.
pub(crate) const CALLED_IN_TABLE: u32 = 2;

// What there is of each line, in words: a name, a file, each with how many bytes that has, and the number.
pub(crate) const LINE_NAME: u32 = 0;
pub(crate) const LINE_FILE: u32 = 2;
pub(crate) const LINE_NUMBER: u32 = 4;
pub(crate) const LINE_WORDS: u32 = 5;

// What there is of each place in the table that has such a function, in words, in the order of the indices.
pub(crate) const ELEMENT_INDEX: u32 = 0;
pub(crate) const ELEMENT_FUNCTION: u32 = 1;
pub(crate) const ELEMENT_WORDS: u32 = 2;

/// In the place of a number.
pub(crate) const SYMBOLS_NONE: u32 = u32::MAX;
