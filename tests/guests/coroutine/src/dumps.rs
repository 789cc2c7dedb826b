//! Dumps, and messages, of coroutines that have names.

use std::cell::RefCell;
use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::rc::Rc;
use std::task::Poll;

use bysyncify::raw::RawCoroutine;
use bysyncify::{
    AsyncGenerator, BoxCoroutine, Coroutine, CoroutineState, EmbedError, Generator, Stack,
    current_name, dump, embed, try_embed,
};
use guest_support::{after_polls, at_panic, expect_trap, insistently, poll_once, run, tests};

/// The names in a dump, each with a letter for its state.
fn states() -> Vec<String> {
    let letter = |state| match state {
        CoroutineState::NotStarted => "n",
        CoroutineState::Running => "r",
        CoroutineState::Waiting => "w",
        CoroutineState::Yielded => "y",
        CoroutineState::Abandoned => "a",
        _ => "?",
    };
    let dump = dump();
    let shown = dump.coroutines().iter().map(|it| format!("{}:{}", it.name(), letter(it.state())));
    shown.collect()
}

fn waits(polls: usize) -> Coroutine<impl FnOnce(bysyncify::CoreHandle<'_>) -> usize, usize> {
    Coroutine::new(16384, move |handle| handle.embed(after_polls(polls, polls)))
}

/// The text of a dump: without traces, and with `#` for numbers.
fn heads() -> Vec<String> {
    let text = dump().to_string();
    let heads = text.lines().filter(|line| line.starts_with("coroutine "));
    heads.map(|line| line.replace(|c: char| c.is_ascii_digit(), "#")).collect()
}

tests! {
    fn all_states_are_told() {
        assert_eq!(dump().to_string(), "no coroutine has a name");
        let mut waiting = waits(2).named("waiting");
        let ready = waits(1).named("ready");
        let mut yields = Generator::new(16384, |it| it.yield_(1)).named(String::from("yields"));
        assert!(poll_once(&mut waiting).is_pending());
        assert_eq!(yields.next(), Some(1));
        let told = dump();
        let [first, second, third] = told.coroutines() else { panic!("{told}") };
        assert_eq!(states(), ["waiting:w", "ready:n", "yields:y"]);
        assert_eq!(first.stack_size(), waiting.stack_size());
        assert_eq!(first.stack_usage(), waiting.stack_usage());
        assert_eq!(first.backtrace().frames(), waiting.backtrace().frames());
        assert_eq!(second.stack_usage().shadow, 0);
        assert_eq!(third.backtrace().status(), yields.backtrace().status());
        // Unoptimised programs have the names of types, others only with the feature.
        let future = "core::future::poll_fn::PollFn<guest_support::after_polls<usize>::{{closure}}>";
        let told_for = first.waits_for();
        assert!(told_for == Some(future) || told_for.is_none() && !cfg!(debug_assertions), "{told_for:?}");
        assert_eq!([second.waits_for(), third.waits_for()], [None, None]);
        let of = told_for.map(|future| format!(" for `{future}`")).unwrap_or_default();
        let in_use = |it: &bysyncify::NamedCoroutine| {
            let usage = it.stack_usage();
            format!("with {} of {} bytes of stack in use:", usage.frames + usage.shadow, it.stack_size())
        };
        let indent = |it: &bysyncify::NamedCoroutine| match it.backtrace().frames() {
            [] => format!("   {}", it.backtrace()),
            _ => it.backtrace().to_string(),
        };
        assert_eq!(told.to_string(), format!(
            "coroutine `waiting` waits{of}, {}\n{}\n\
             coroutine `ready` has not started\n\
             coroutine `yields` has yielded, {}\n{}",
            in_use(first), indent(first), in_use(third), indent(third)
        ));
        // The coroutine can continue as before, and one that has ended is not listed.
        assert_eq!(run(&mut waiting), (2, 2));
        assert_eq!(states(), ["ready:n", "yields:y"]);
        drop(ready);
        assert_eq!(yields.next(), None);
        assert!(states().is_empty());
    }

    fn dumps_may_be_asked_for_anywhere() {
        let outer = Coroutine::new(65536, |_| {
            let mut inner = Coroutine::new(65536, |_| {
                let before = states();
                embed(after_polls(1, ()));
                (before, states())
            }).named("inner");
            let first = poll_once(&mut inner);
            let seen = states();
            embed(after_polls(1, ()));
            let Poll::Ready((before, after)) = poll_once(&mut inner) else { panic!("it is ready") };
            (first.is_pending(), before, seen, after, states())
        });
        let (polls, (is_pending, before, seen, after, last)) = run(outer.named("outer"));
        assert_eq!((polls, is_pending), (2, true));
        assert_eq!(before, ["outer:r", "inner:r"]);
        assert_eq!(seen, ["outer:r", "inner:w"]);
        assert_eq!(after, ["outer:r", "inner:r"]);
        assert_eq!(last, ["outer:r"]);
        assert!(states().is_empty());
    }

    fn names_go_with_coroutines_that_are_moved_dropped_or_forgotten() {
        let mut all: Vec<Box<dyn std::any::Any>> = Vec::new();
        for number in 0..5 {
            let mut coroutine = waits(3).named(format!("{number}"));
            assert!(poll_once(&mut coroutine).is_pending());
            all.push(Box::new(coroutine));
        }
        all.swap(0, 4);
        // When it is dropped, it is abandoned in WebAssembly, because it waits in `embed`. Natively it unwinds.
        let abandoned = |name: &str| cfg!(target_family = "wasm").then(|| format!("{name}:a"));
        drop(all.remove(1));
        let expected: Vec<_> = ["0:w".to_string()].into_iter().chain(abandoned("1"))
            .chain(["2:w", "3:w", "4:w"].map(String::from)).collect();
        assert_eq!(states(), expected);
        std::mem::forget(all);
        assert_eq!(states(), expected);
    }

    fn one_that_returns_when_it_is_cancelled_is_gone() {
        let mut coroutine = Coroutine::new(16384, |_| {
            let error = try_embed(after_polls(3, ()));
            (error, states())
        }).named("returns");
        assert!(poll_once(&mut coroutine).is_pending());
        let (error, inside) = coroutine.cancel().expect("it returns");
        assert_eq!(error, Err(EmbedError::Cancelled));
        assert_eq!(inside, ["returns:r"]);
        assert!(states().is_empty());
        // Too late for a name.
        let coroutine = coroutine.named("late");
        assert!(states().is_empty());
        assert!(coroutine.into_stack().is_ok());
    }

    fn stacks_and_memory_of_ones_own_can_be_used_again() {
        let mut stack = Stack::painted(16384);
        for number in 0..3 {
            let size = stack.size();
            let mut coroutine = Coroutine::with_stack(stack, |_| embed(after_polls(1, 7)));
            coroutine = coroutine.named("first").named(format!("number {number}"));
            assert!(poll_once(&mut coroutine).is_pending());
            assert_eq!(states(), [format!("number {number}:w")]);
            assert_eq!(poll_once(&mut coroutine), Poll::Ready(7));
            stack = coroutine.into_stack().expect("it has ended");
            assert!(stack.high_water().is_some());
            assert_eq!(stack.size(), size);
            assert!(states().is_empty());
        }
        let mut memory: &'static mut [MaybeUninit<u8>] = vec![MaybeUninit::uninit(); 16384].leak();
        let address = memory.as_ptr();
        for _ in 0..3 {
            let mut coroutine = RawCoroutine::new(memory, |_| embed(after_polls(1, 8))).named("raw");
            assert!(poll_once(&mut coroutine).is_pending());
            assert_eq!(states(), ["raw:w"]);
            assert_eq!(poll_once(&mut coroutine), Poll::Ready(8));
            // Its memory may be freed from here on.
            assert!(states().is_empty());
            memory = coroutine.into_memory().expect("it has ended");
            assert_eq!((memory.as_ptr(), memory.len()), (address, 16384));
        }
    }

    fn boxed_ones_and_streams_have_names() {
        let boxed = BoxCoroutine::new(16384, Box::new(|_| ())).named("boxed");
        let stream = AsyncGenerator::new(16384, |_, it: bysyncify::Yielder<'_, u32>| it.yield_(1)).named("stream");
        assert_eq!(states(), ["boxed:n", "stream:n"]);
        drop((boxed, stream));
        assert!(states().is_empty());
    }

    fn who_is_abandoned_stays() {
        let mut coroutine = Coroutine::new(16384, |_| insistently(|| embed(after_polls(9, ())))).named("stays");
        assert!(poll_once(&mut coroutine).is_pending());
        assert!(coroutine.cancel().is_none());
        drop(coroutine);
        assert_eq!(heads(), ["coroutine `stays` was abandoned"]);
    }

    fn the_current_name_is_that_of_the_innermost_coroutine() {
        assert_eq!(current_name(), None);
        let seen = Rc::new(RefCell::new(Vec::new()));
        let note = { let seen = seen.clone(); move || seen.borrow_mut().push(current_name()) };
        let of_future = note.clone();
        let coroutine = Coroutine::new(65536, move |_| {
            note();
            let mut unnamed = Coroutine::new(16384, { let note = note.clone(); move |_| note() });
            assert!(poll_once(&mut unnamed).is_ready());
            let mut inner = Coroutine::new(16384, { let note = note.clone(); move |_| note() }).named("inner");
            assert!(poll_once(&mut inner).is_ready());
            embed(after_polls(1, ()));
            note();
            // A future is polled on the stack of the coroutine that waits for it.
            embed(poll_fn(|_| { of_future(); Poll::Ready(()) }));
        });
        run(coroutine.named("outer"));
        let name = |name: &'static str| Some(name.into());
        assert_eq!(*seen.borrow(), [name("outer"), None, name("inner"), name("outer"), name("outer")]);
        assert_eq!(current_name(), None);
    }

    fn panic_hooks_know_who_panics() {
        at_panic(|message| Some(format!("in {:?}: {message}", current_name())));
        let _other = waits(1).named("other");
        let mut outer = Coroutine::new(65536, |_| {
            let mut inner = Coroutine::new(32768, |_| {
                embed(after_polls(1, ()));
                panic!("a panic");
            }).named("panics");
            assert!(poll_once(&mut inner).is_pending());
            embed(after_polls(1, ()));
            let _ = poll_once(&mut inner);
        }).named("outer");
        let _another = waits(1).named("another");
        assert!(poll_once(&mut outer).is_pending());
        expect_trap("in Some(\"panics\"): a panic");
        let _ = poll_once(&mut outer);
    }

    #[cfg(target_family = "wasm")]
    fn an_overflow_is_told_with_the_name() {
        #[inline(never)]
        fn descend(low: usize) -> u32 {
            let filled = std::hint::black_box([7; 64]);
            let is_below = filled.as_ptr().addr() < low;
            if is_below { embed(after_polls(1, 0)) } else { descend(low) ^ filled[7] }
        }
        guest_support::mask_numbers();
        if guest_support::is_stack_checked() {
            at_panic(|message| {
                let is_told = message.starts_with("coroutine `deep`: coroutine stack overflow: # bytes are needed in ");
                is_told.then(|| "as expected".into())
            });
        } else {
            // When the overflow is noticed, the core may have been overwritten.
            at_panic(|message| message.starts_with("coroutine `deep`: coroutine stack overflow: ").then(|| "as expected".into()));
        }
        expect_trap("as expected");
        // The memory below is not used for anything else.
        let memory = vec![MaybeUninit::<u8>::uninit(); 1 << 16].leak();
        let (_, memory) = memory.split_at_mut(1 << 15);
        let low = memory.as_ptr().addr();
        let mut coroutine = RawCoroutine::new(memory, move |_| descend(low)).named("deep");
        let _ = poll_once(&mut coroutine);
    }
}
