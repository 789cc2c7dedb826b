//! Coroutines that wait in the initialiser of a `thread_local!`.
//!
//! std does not guard such a value against two concurrent initialisers, as it guards all other lazily initialised
//! values. Without coroutines a second initialiser can only run inside the first, when there can be no reference to the
//! value yet. With two coroutines, the first one that finishes gets a reference, and the second one would replace the
//! value that it refers to.
//!
//! So a wait there fails with a message. With LTO at `opt-level = "z"` LLVM inlines std's function that calls the
//! initialiser. Then a single coroutine can wait there, and only a second one is stopped.

#![allow(clippy::missing_const_for_thread_local, reason = "it is about initialisers that run")]

use bysyncify::{Coroutine, can_embed, embed};
use guest_support::{after_polls, expect_trap, mask_numbers, poll_once, run, tests};
use std::cell::{Cell, OnceCell, RefCell};
use std::future::poll_fn;
use std::hint::black_box;
use std::task::Poll;

/// Returns another value each time, after a wait.
#[inline(never)]
fn next() -> u32 {
    if can_embed() {
        mask_numbers();
        expect_trap(SECOND);
    }
    embed(after_polls(1, ()));
    TURN.set(TURN.get() + 1);
    TURN.get()
}

/// Like `next`, but expects no trap.
#[inline(never)]
fn quietly() -> u32 {
    embed(after_polls(1, ()));
    TURN.set(TURN.get() + 1);
    TURN.get()
}

/// Waits when it is dropped.
struct Waits(u32);

impl Drop for Waits {
    fn drop(&mut self) {
        embed(after_polls(1, ()));
    }
}

/// A type without bytes, of which only one value may exist.
struct Token;

impl Token {
    fn new() -> Self {
        next();
        TOKENS.set(TOKENS.get() + 1);
        Self
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        TOKENS.set(TOKENS.get() - 1);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Letter {
    A,
    B,
    C,
}

thread_local! {
    static TURN: Cell<u32> = const { Cell::new(0) };
    static TOKENS: Cell<u32> = const { Cell::new(0) };

    static NUMBER: u32 = next();
    static CELL: Cell<u32> = Cell::new(next());
    static FLAG: Cell<bool> = Cell::new(next() > 0);
    static BYTE: Cell<u8> = Cell::new(next() as u8);
    static BOX: Box<u32> = Box::new(next());
    static TEXT: String = next().to_string();
    static BYTES: [u8; 100] = [next() as u8; 100];
    static ONES: [Cell<u8>; 100] = {
        next();
        [const { Cell::new(1) }; 100]
    };
    static WAITS: Waits = Waits(next());
    static TOKEN: Token = Token::new();
    static MAYBE: u32 = if can_embed() { quietly() } else { 100 };
    static RUNS_ANOTHER: (usize, u32) = run(Coroutine::new(65536, |_| quietly()));

    static LATER: OnceCell<u32> = const { OnceCell::new() };
    static COUNT: Cell<u32> = Cell::new(0);
    static SWITCH: Cell<bool> = Cell::new(false);
    static LIST: RefCell<Vec<u32>> = RefCell::new(Vec::new());
    static LOADED: Cell<bool> = const { Cell::new(false) };
    static MAIL: Cell<Option<bool>> = const { Cell::new(None) };
    static LETTER: Cell<Option<Letter>> = const { Cell::new(None) };
}

const REFUSED: &str = "cannot embed in the initialiser of a `thread_local!`: make the value before, \
                       and put it into a `OnceCell` there";

const SECOND: &str = "function # (`cargo bysyncify report --function #` names it) has waited in the \
                      initialiser of a `thread_local!`, and would replace the value that another \
                      coroutine has made there meanwhile; make the value before, and put it into a \
                      `OnceCell` there";

tests! {
    fn a_number_is_initialised_by_two() {
        two_at_once(|| NUMBER.with(|it| hold(it, |it| *it)));
    }

    fn a_cell_is_initialised_by_two() {
        two_at_once(|| CELL.with(|cell| {
            is_first().then(|| cell.set(7));
            hold(cell, Cell::get);
        }));
    }

    fn a_flag_is_initialised_by_two() {
        two_at_once(|| FLAG.with(|flag| {
            is_first().then(|| flag.set(false));
            hold(flag, Cell::get);
        }));
    }

    fn a_byte_is_initialised_by_two() {
        two_at_once(|| BYTE.with(|byte| hold(byte, Cell::get)));
    }

    fn a_box_is_initialised_by_two() {
        two_at_once(|| BOX.with(|it| hold(it, |it| **it)));
    }

    fn a_text_is_initialised_by_two() {
        two_at_once(|| TEXT.with(|text| hold(text, String::clone)));
    }

    fn an_array_is_initialised_by_two() {
        two_at_once(|| BYTES.with(|bytes| hold(bytes, |bytes| bytes[99])));
    }

    fn an_array_of_ones_is_initialised_by_two() {
        two_at_once(|| ONES.with(|ones| {
            is_first().then(|| ones[50].set(7));
            hold(ones, |ones| ones[50].get());
        }));
    }

    fn what_waits_when_it_is_dropped_is_initialised_by_two() {
        two_at_once(|| WAITS.with(|waits| hold(waits, |waits| waits.0)));
    }

    fn what_has_no_bytes_is_initialised_by_two() {
        two_at_once(|| TOKEN.with(|token| {
            black_box(token);
            embed(after_polls(1, ()));
            assert_eq!(TOKENS.get(), 1);
        }));
    }

    fn an_initialiser_asks_whether_it_can_wait() {
        let coroutine = Coroutine::new(65536, |_| (MAYBE.with(|it| *it), MAYBE.with(|it| *it)));
        let (polls, values) = run(coroutine);
        // It cannot wait, except where the function was inlined.
        assert!([(1, (100, 100)), (2, (1, 1))].contains(&(polls, values)), "{polls}, {values:?}");
    }

    fn an_initialiser_runs_another_coroutine() {
        let coroutine = Coroutine::new(65536, |_| {
            let before = RUNS_ANOTHER.with(|it| *it);
            (before, embed(after_polls(1, 3)))
        });
        assert_eq!(run(coroutine), (2, ((2, 1), 3)));
    }

    fn the_value_is_made_before() {
        let go = || {
            Coroutine::new(65536, |_| {
                let value = quietly();
                LATER.with(|cell| *cell.get_or_init(|| value))
            })
        };
        let (mut one, mut other) = (go(), go());
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut other).is_pending());
        assert_eq!(poll_once(&mut one), Poll::Ready(1));
        assert_eq!(poll_once(&mut other), Poll::Ready(1));
    }

    /// A value whose initialiser does not wait can be used across waits by all coroutines.
    fn two_use_what_is_initialised_at_once() {
        let go = |name: u32| {
            Coroutine::new(65536, move |_| {
                for _ in 0..3 {
                    COUNT.set(COUNT.get() + 1);
                    embed(after_polls(1, ()));
                    SWITCH.set(true);
                    embed(after_polls(1, ()));
                    LIST.with_borrow_mut(|list| list.push(name));
                    if SWITCH.get() {
                        embed(after_polls(1, ()));
                        SWITCH.set(true);
                    }
                }
                COUNT.get()
            })
        };
        let (mut one, mut other) = (go(1), go(2));
        for _ in 0..9 {
            assert!(poll_once(&mut one).is_pending() && poll_once(&mut other).is_pending());
        }
        assert_eq!(poll_once(&mut one), Poll::Ready(6));
        assert_eq!(poll_once(&mut other), Poll::Ready(6));
        assert_eq!(LIST.take(), [1, 2, 1, 2, 1, 2]);
    }

    /// A value to wait for may be in a thread-local: its bytes are like those of an initialiser's state.
    fn one_waits_for_what_others_put_there() {
        let mut coroutine = Coroutine::new(65536, |_| {
            let mut got = Vec::new();
            while got.len() < 6 {
                let mail = loop {
                    match MAIL.take() {
                        Some(mail) => break mail,
                        None => embed(after_polls(1, ())),
                    }
                };
                let letter = embed(poll_fn(|_| LETTER.take().map_or(Poll::Pending, Poll::Ready)));
                got.push((mail, letter));
            }
            got
        });
        let letters = [Letter::A, Letter::B, Letter::C].into_iter().cycle();
        let sent: Vec<_> = [true, false].into_iter().cycle().zip(letters).take(6).collect();
        for (mail, letter) in &sent {
            assert!(poll_once(&mut coroutine).is_pending());
            MAIL.set(Some(*mail));
            assert!(poll_once(&mut coroutine).is_pending());
            LETTER.set(Some(*letter));
        }
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(sent));
    }

    /// A flag of the program is not the state of an initialiser, although it looks exactly like one.
    fn two_do_once_what_they_have_a_flag_for() {
        let go = || {
            Coroutine::new(65536, |_| {
                if !LOADED.get() {
                    let value = quietly();
                    LOADED.set(true);
                    return value;
                }
                0
            })
        };
        let (mut one, mut other) = (go(), go());
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut other).is_pending());
        assert_eq!(poll_once(&mut one), Poll::Ready(1));
        assert_eq!(poll_once(&mut other), Poll::Ready(2));
        assert_eq!(run(go()), (1, 0));
    }
}

/// Whether the other coroutine is still in the initialiser.
fn is_first() -> bool {
    TURN.get() == 1
}

/// Reads a value through a reference before and after waits. It must not change.
fn hold<T, V: PartialEq + std::fmt::Debug>(reference: &T, read: impl Fn(&T) -> V) {
    let before = read(reference);
    for _ in 0..3 {
        embed(after_polls(1, ()));
        assert_eq!(read(black_box(reference)), before, "a live reference has another value");
    }
}

/// Runs `initialise` in two coroutines, in turns.
fn two_at_once(initialise: impl Fn() + Copy + 'static) {
    let [mut one, mut other] = [(); 2].map(|()| Coroutine::new(65536, move |_| initialise()));
    expect_trap(REFUSED);
    for _ in 0..2 {
        let _ = poll_once(&mut one);
        let _ = poll_once(&mut other);
    }
    for _ in 0..8 {
        let _ = poll_once(&mut one);
    }
}
