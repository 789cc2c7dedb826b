//! The harness's functions for guests' tests on the host, without the harness.
//!
//! `cargo xtask test --only native` builds guests with a switch of threads. Each test runs in its own process, as in
//! WebAssembly it runs in its own instance. The first panic that is not announced as caught ends it, as a trap does.

use std::process::{Command, exit};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, slice, str};

/// The variable that is set in a test's own process.
const IS_CHILD: &str = "BYSYNCIFY_NATIVE_TEST";
/// The variable with the seed, if it is not the default one.
const SEED: &str = "BYSYNCIFY_NATIVE_SEED";

/// The allowed ends of a test.
enum Ends {
    /// It must return.
    Well,
    /// It must panic with this message.
    With(String),
    /// Both are allowed.
    WellOrWith(String),
}

static ENDS: Mutex<Ends> = Mutex::new(Ends::Well);

/// The number of these values that exist.
static CATCHING: AtomicUsize = AtomicUsize::new(0);

/// While such a value exists, a panic does not end the test, because it will be caught.
#[derive(Debug)]
pub struct Catching(());

impl Catching {
    /// Begins now.
    #[expect(clippy::new_without_default, reason = "making one does something")]
    pub fn new() -> Self {
        CATCHING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Catching {
    fn drop(&mut self) {
        CATCHING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs `body` in its own process, or here if this is that process.
pub fn run(module: &str, name: &str, body: fn()) {
    if env::var_os(IS_CHILD).is_some() {
        super::start();
        body();
        if let Ends::With(message) = &*ENDS.lock().expect("no panic holds it") {
            eprintln!("it should have panicked: {message}");
            exit(101);
        }
        return;
    }
    // The path in a test's name does not contain the crate.
    let path = module.split_once("::").map_or(String::new(), |(_, path)| format!("{path}::"));
    let mut child = Command::new(env::current_exe().expect("this is a program"));
    child.args([&format!("{path}{name}"), "--exact", "--nocapture"]).env(IS_CHILD, "1");
    // Some of the tests leak on purpose.
    child.env("ASAN_OPTIONS", "detect_leaks=0");
    let output = child.output().expect("a program can be started twice");
    let said = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    assert!(
        output.status.success(),
        "{}\n{}{}",
        output.status,
        said(&output.stdout),
        said(&output.stderr)
    );
}

/// # Safety
///
/// - These are bytes of a text.
unsafe fn text<'a>(text: *const u8, len: usize) -> &'a str {
    // SAFETY: our caller's promise.
    let bytes = unsafe { slice::from_raw_parts(text, len) };
    // SAFETY: likewise.
    unsafe { str::from_utf8_unchecked(bytes) }
}

pub(crate) unsafe fn log(line: *const u8, len: usize) {
    // SAFETY: our caller's promise.
    eprintln!("{}", unsafe { text(line, len) });
}

pub(crate) unsafe fn panicked(message: *const u8, len: usize) {
    // SAFETY: our caller's promise.
    let message = unsafe { text(message, len) };
    eprintln!("{message}");
    let is_good = match &*ENDS.lock().expect("no panic holds it") {
        Ends::Well => false,
        Ends::With(expected) | Ends::WellOrWith(expected) => expected == message,
    };
    if is_good {
        exit(0);
    }
    if CATCHING.load(Ordering::Relaxed) == 0 {
        exit(101);
    }
}

pub(crate) unsafe fn expect_trap(message: *const u8, len: usize) {
    // SAFETY: our caller's promise.
    let message = unsafe { text(message, len) };
    *ENDS.lock().expect("no panic holds it") = Ends::With(message.into());
}

pub(crate) unsafe fn allow_trap(message: *const u8, len: usize) {
    // SAFETY: our caller's promise.
    let message = unsafe { text(message, len) };
    *ENDS.lock().expect("no panic holds it") = Ends::WellOrWith(message.into());
}

pub(crate) fn random_seed() -> u64 {
    let seed = env::var(SEED).ok().and_then(|seed| seed.parse().ok());
    seed.unwrap_or(0x6279_7379_6e63)
}

pub(crate) fn is_checked() -> u32 {
    0
}

pub(crate) fn is_stack_checked() -> u32 {
    0
}
