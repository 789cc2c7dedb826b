//! Generators in what runs while a panic unwinds.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use bysyncify::{EmbedError, Generator, Yielder};

/// Calls its function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_generator_cannot_yield_while_its_own_panic_unwinds() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let inside = told.clone();
    let mut generator = Generator::with_default_stack(move |yielder: Yielder<'_, u32>| {
        yielder.yield_(1);
        let _guard = OnDrop(|| inside.borrow_mut().push(yielder.try_yield(2)));
        panic!("in the generator");
    });
    assert_eq!(generator.next(), Some(1));
    assert!(catch_unwind(AssertUnwindSafe(|| generator.next())).is_err());
    assert_eq!(*told.borrow(), [Err(EmbedError::NotRunning)]);
}

#[test]
fn a_generator_yields_to_who_asks_while_another_panic_unwinds() {
    let told = RefCell::new(Vec::new());
    let mut generator = Generator::with_default_stack(|yielder: Yielder<'_, u32>| {
        for number in 0..6 {
            yielder.yield_(number);
        }
    });
    told.borrow_mut().push(generator.next());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _guard = OnDrop(|| {
            for _ in 0..2 {
                told.borrow_mut().push(generator.next());
            }
        });
        panic!("outside of it");
    }));
    assert!(result.is_err());
    told.borrow_mut().push(generator.next());
    assert_eq!(*told.borrow(), [Some(0), Some(1), Some(2), Some(3)]);
}

#[test]
fn a_generator_that_ran_while_another_panic_unwound_cannot_yield_in_its_own_panic() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let inside = told.clone();
    let mut generator = Generator::with_default_stack(move |yielder: Yielder<'_, u32>| {
        yielder.yield_(1);
        yielder.yield_(2);
        let _guard = OnDrop(|| inside.borrow_mut().push(yielder.try_yield(3)));
        panic!("in the generator");
    });
    assert_eq!(generator.next(), Some(1));
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _guard = OnDrop(|| assert_eq!(generator.next(), Some(2)));
        panic!("outside of it");
    }));
    assert!(result.is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| generator.next())).is_err());
    assert_eq!(*told.borrow(), [Err(EmbedError::NotRunning)]);
}
