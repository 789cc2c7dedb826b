//! Panics that unwind. Built with a standard library that was compiled for it, and with both kinds of WebAssembly
//! exceptions: `cargo xtask test --only unwind`.
//!
//! There is a file for each path of a panic. It is caught inside ([`caught`]), leaves the coroutine ([`leaves`]), was
//! raised to unwind a cancelled one ([`cancelled`]), runs destructors ([`cleanups`]), comes out of a destructor
//! ([`destructors`]) or out of a waker ([`wakers`]), passes through the switch (`switch`), or leaves an export, after
//! which the host continues ([`host`]). Random programs throw as `async fn`s do ([`twins`]).

mod cancelled;
mod caught;
mod cleanups;
mod destructors;
mod host;
mod leaves;
#[cfg(target_family = "wasm")]
mod switch;
#[path = "../../endurance/src/twins/mod.rs"]
mod twins;
mod wakers;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of `function`'s panic; `None` if it does not panic.
fn caught(function: impl FnOnce()) -> Option<String> {
    catch(function).err().map(|payload| words(payload.as_ref()))
}

/// `catch_unwind`, not inlined: with legacy exceptions LLVM may put the code after it into a handler that throws on.
/// That code could not be suspended, and the linker refuses it.
#[inline(never)]
fn catch<R>(function: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    #[cfg(not(target_family = "wasm"))]
    let _catching = guest_support::native::Catching::new();
    catch_unwind(AssertUnwindSafe(function))
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no text".into())
}
