//! The dump of all coroutines that have names.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use crate::backtrace::{Backtrace, BacktraceStatus};
use crate::raw::control_block::RawCore;
use crate::raw::layout::StackUsage;
use crate::raw::names::{self, Entry};
use crate::raw::phase::Phase;

/// Returns what each coroutine of this thread is doing that has a [name](crate::Coroutine::named) and has not ended.
///
/// It does not run them, like [`Coroutine::backtrace`](crate::Coroutine::backtrace). It may be called at any time: in a
/// coroutine, too (which is then shown as running), and in a panic hook.
///
/// ```no_run
/// // All coroutines wait, and none of them will be woken.
/// eprintln!("a deadlock:\n{}", bysyncify::dump());
/// ```
///
/// prints, with two coroutines,
///
/// ```text
/// a deadlock:
/// coroutine `spends` waits for `async_lock::mutex::Lock<'_, u32>`, with 1184 of 262144 bytes of stack in use:
///    0: demo::deposit
///              at src/main.rs:24
///    1: demo::main::{{closure}}
///              at src/main.rs:31
/// coroutine `saves` has not started
/// ```
pub fn dump() -> Dump {
    Dump { coroutines: names::all().iter().filter_map(|entry| NamedCoroutine::of(entry)).collect() }
}

/// The name of the coroutine that calls this, if it has one.
///
/// It is known in a panic hook, too, though no coroutine can wait there ([`can_embed`](crate::can_embed)). So a hook
/// can say where a panic comes from. (If several coroutines are running there, because one polls another, it may be the
/// name of any of them. It is that of the coroutine that was named last.) In a program with std's hook:
///
/// ```
/// # // Feature `std`, or a native program.
/// let before = std::panic::take_hook();
/// std::panic::set_hook(Box::new(move |info| {
///     if let Some(name) = bysyncify::current_name() {
///         eprintln!("in the coroutine `{name}`:");
///     }
///     before(info);
/// }));
/// ```
pub fn current_name() -> Option<Cow<'static, str>> {
    names::entry_here().map(|entry| entry.name().clone())
}

/// The result of [`dump`], in the order in which the coroutines were given their names.
///
/// `Display` prints a line for each coroutine, and below it the place where it waits.
#[derive(Clone, Debug)]
pub struct Dump {
    coroutines: Vec<NamedCoroutine>,
}

/// A coroutine in a [`Dump`]: what it was doing at that time.
#[derive(Clone, Debug)]
pub struct NamedCoroutine {
    name: Cow<'static, str>,
    state: CoroutineState,
    stack_usage: StackUsage,
    stack_size: usize,
    waits_for: Option<&'static str>,
    backtrace: Backtrace,
}

/// The state of a coroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CoroutineState {
    /// It has not been polled yet.
    NotStarted,
    /// It is being polled: its code has called [`dump`], directly or indirectly. After a trap it stays in this state.
    Running,
    /// It waits for a future.
    Waiting,
    /// It is a generator that has yielded a value, and has not been asked for another yet.
    Yielded,
    /// It was cancelled or dropped, and waited again: see
    /// [`abandoned_coroutines`](crate::abandoned_coroutines).
    Abandoned,
}

impl Dump {
    /// The coroutines, one by one.
    pub fn coroutines(&self) -> &[NamedCoroutine] {
        &self.coroutines
    }
}

impl NamedCoroutine {
    fn of(entry: &Entry) -> Option<Self> {
        // First, because this may allocate, and an allocator of the user may end coroutines. Later the coroutine cannot
        // be ended, not even while its trace is captured.
        let name = entry.name().clone();
        let core = entry.core()?;
        let (state, waits_for) = state(core)?;
        Some(Self {
            name,
            state,
            stack_usage: match state {
                CoroutineState::Waiting | CoroutineState::Yielded => core.stack_usage(),
                _ => StackUsage::default(),
            },
            stack_size: core.stack_size(),
            waits_for,
            backtrace: core.backtrace(),
        })
    }

    /// The name that it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it was doing.
    pub fn state(&self) -> CoroutineState {
        self.state
    }

    /// The bytes of its stack that were in use if it was suspended, otherwise 0: see
    /// [`Coroutine::stack_usage`](crate::Coroutine::stack_usage).
    pub fn stack_usage(&self) -> StackUsage {
        self.stack_usage
    }

    /// The size of its stack in bytes: see [`Coroutine::stack_size`](crate::Coroutine::stack_size).
    pub fn stack_size(&self) -> usize {
        self.stack_size
    }

    /// The type of the future that it waited for, by [`core::any::type_name`]: the type of the argument of
    /// [`embed`](crate::embed()), not of the futures inside it.
    ///
    /// None if it waited for no future. An optimised build (without debug assertions) has this only with the feature
    /// `future-names`, which puts the names of all such types into the program.
    pub fn waits_for(&self) -> Option<&'static str> {
        self.waits_for
    }

    /// The place where it was suspended: see [`Coroutine::backtrace`](crate::Coroutine::backtrace).
    pub fn backtrace(&self) -> &Backtrace {
        &self.backtrace
    }
}

/// None if it has ended.
fn state(core: &RawCore) -> Option<(CoroutineState, Option<&'static str>)> {
    Some(match core.phase() {
        Phase::Ready => (CoroutineState::NotStarted, None),
        // The last two are seen after a trap.
        Phase::Running | Phase::Unwinding | Phase::Rewinding => (CoroutineState::Running, None),
        Phase::Suspended => {
            // SAFETY: it is suspended.
            match unsafe { core.waker.slot() } {
                Some(_) => (CoroutineState::Yielded, None),
                // SAFETY: likewise.
                None => (CoroutineState::Waiting, unsafe { core.waker.future_name() }),
            }
        }
        Phase::Abandoned => (CoroutineState::Abandoned, None),
        Phase::Finished | Phase::Panicked => return None,
    })
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.coroutines.is_empty() {
            return f.write_str("no coroutine has a name");
        }
        for (number, coroutine) in self.coroutines.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            coroutine.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for NamedCoroutine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "coroutine `{}` ", self.name)?;
        f.write_str(match self.state {
            CoroutineState::NotStarted => return f.write_str("has not started"),
            CoroutineState::Running => return f.write_str("runs"),
            CoroutineState::Abandoned => return f.write_str("was abandoned"),
            CoroutineState::Yielded => "has yielded",
            CoroutineState::Waiting => "waits",
        })?;
        if let Some(future) = self.waits_for {
            write!(f, " for `{future}`")?;
        }
        let used = self.stack_usage.frames + self.stack_usage.shadow;
        write!(f, ", with {used} of {} bytes of stack in use:", self.stack_size)?;
        let indent = if self.backtrace.status() == BacktraceStatus::Captured { 0 } else { 3 };
        write!(f, "\n{:indent$}{}", "", self.backtrace)
    }
}
