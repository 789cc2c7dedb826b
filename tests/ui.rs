//! What must not compile, and what the compiler says then: `tests/ui`.
//!
//! The messages are those of the compiler that the repository is tested with. After a change of
//! either, `BLESS=1 cargo test --test ui` writes them anew: read the difference.

use std::cell::Cell;
use std::env;
use std::process::Command;
use std::rc::Rc;

use bysyncify::{
    AsyncGenerator, Core, CoreHandle, Coroutine, Generator, RawCore, RawCoreHandle, RawCoroutine,
    Stack, StreamIter, TryStreamIter, Yielder,
};

#[test]
fn misuse_does_not_compile() {
    // Trybuild has a switch of its own, which is set for a process.
    if env::var_os("BLESS").is_some_and(|value| value == "1") && env::var_os("TRYBUILD").is_none() {
        let mut again = Command::new(env::current_exe().expect("a test has a path"));
        again
            .args(["--exact", "misuse_does_not_compile", "--nocapture"])
            .env("TRYBUILD", "overwrite");
        assert!(again.status().expect("the test runs").success());
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    if cfg!(feature = "awaiter-trait") {
        cases.compile_fail("tests/ui/awaiter_trait/*.rs");
    }
}

/// Fails to compile if the type has the trait: `A` could then be either of two types.
macro_rules! assert_not_impl {
    ($trait:path: $($type:ty),* $(,)?) => {$(
        const _: fn() = || {
            trait AmbiguousIfImplemented<A> {
                fn check() {}
            }
            struct Implemented;
            impl<T: ?Sized> AmbiguousIfImplemented<()> for T {}
            impl<T: ?Sized + $trait> AmbiguousIfImplemented<Implemented> for T {}
            let _ = <$type as AmbiguousIfImplemented<_>>::check;
        };
    )*};
}

// Here there are threads. What a closure captures makes no difference.
assert_not_impl!(Send: Coroutine<fn(), ()>, RawCoroutine<fn(), ()>, Core, RawCore, CoreHandle<'static>, RawCoreHandle);
assert_not_impl!(Sync: Coroutine<fn(), ()>, RawCoroutine<fn(), ()>, Core, RawCore, CoreHandle<'static>, RawCoreHandle);
assert_not_impl!(Send: Generator<fn(), ()>, AsyncGenerator<fn(), ()>, Yielder<'static, ()>);
assert_not_impl!(Sync: Generator<fn(), ()>, AsyncGenerator<fn(), ()>, Yielder<'static, ()>);
assert_not_impl!(Send: StreamIter<'static, ()>, TryStreamIter<'static, ()>);

fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn memory_may_go_to_another_thread() {
    is_send_and_sync::<Stack>();
}

fn is_unpin<T: Unpin>() {}

#[test]
fn coroutines_can_be_moved_between_polls() {
    is_unpin::<Coroutine<Rc<Cell<()>>, std::marker::PhantomPinned>>();
    is_unpin::<RawCoroutine<Rc<Cell<()>>, std::marker::PhantomPinned>>();
    is_unpin::<Generator<Rc<Cell<()>>, std::marker::PhantomPinned>>();
    is_unpin::<AsyncGenerator<Rc<Cell<()>>, std::marker::PhantomPinned>>();
}
