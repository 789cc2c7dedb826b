//! The names of coroutines, for messages and for `dump`.
//!
//! ```text
//!     a thread's list
//!     ┌────────┐ newest          older          older
//!     │  List  ├────────► Entry ──────► Entry ──────► Entry
//!     └────────┘            ▲ │  ◄──────       ◄──────
//!                       low │ │ core     newer
//!   a coroutine's memory: ──┴─▼─ core ──┬─ stack ──────
//! ```
//!
//! A core has no room for a name, because most coroutines have none. A name is in an [`Entry`] on the heap: the core's
//! `low` points there, and the entry keeps the former value of `low`. The bit [`NAMED`] says so. Outside this file it
//! is tested only when a coroutine ends.
//!
//! # Why this is sound
//!
//! - An entry is in the list for as long as its coroutine has not ended. Until then the core stays where it is, and
//!   valid. [`RawCore::end`] takes the entry out before the memory can be used for something else. A coroutine that is
//!   forgotten or abandoned keeps its memory forever, and its entry.
//! - Where there are threads, a coroutine stays on its thread, and each thread has its own list. An entry has a
//!   reference to its list.
//! - The caller of [`all`] owns a share of each entry, not of the coroutine. The coroutine may end meanwhile, if a
//!   function that is called then ends it (an allocator of the user could). From then on its entry has no core.

use alloc::borrow::Cow;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
#[cfg(feature = "tracing")]
use core::cell::RefCell;
use core::fmt;
use core::iter;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};

use super::control_block::{NAMED, RawCore};
use super::fatal::{Fatal, fatal};
use super::names_hook::{self, Ask};
use super::phase::Phase;
#[cfg(feature = "tracing")]
use super::spans::Spans;
use super::switch::{ActiveSwitch, Switch};

/// The data of a coroutine that has a name.
pub(crate) struct Entry {
    name: Cow<'static, str>,
    /// None when the coroutine has ended.
    core: Cell<Option<NonNull<RawCore>>>,
    /// The low end of its memory.
    low: NonNull<u8>,
    list: ListRef,
    newer: Cell<*const Entry>,
    older: Cell<*const Entry>,
    #[cfg(feature = "tracing")]
    pub(super) spans: RefCell<Rc<Spans>>,
}

// As `Coroutine::named` says: with the two counts of an `Rc`.
#[cfg(all(target_arch = "wasm32", not(feature = "tracing")))]
const _: () = assert!(size_of::<Entry>() + 2 * size_of::<usize>() == 40);

/// The named coroutines of a thread.
struct List {
    newest: Cell<*const Entry>,
}

#[cfg(all(bysyncify_std, not(bysyncify_single_threaded)))]
type ListRef = Rc<List>;
#[cfg(not(all(bysyncify_std, not(bysyncify_single_threaded))))]
type ListRef = &'static List;

/// The list of this thread. None while the variables of the thread are being destroyed, and in programs with threads
/// but without `std`, which could tell the threads apart.
fn list() -> Option<ListRef> {
    #[cfg(bysyncify_single_threaded)]
    {
        struct OnlyList(List);
        // SAFETY: the target has no threads (build.rs).
        unsafe impl Sync for OnlyList {}
        static LIST: OnlyList = OnlyList(List { newest: Cell::new(ptr::null()) });
        Some(&LIST.0)
    }
    #[cfg(all(bysyncify_std, not(bysyncify_single_threaded)))]
    {
        std::thread_local! {
            static LIST: Rc<List> = Rc::new(List { newest: Cell::new(ptr::null()) });
        }
        LIST.try_with(Rc::clone).ok()
    }
    #[cfg(not(any(bysyncify_std, bysyncify_single_threaded)))]
    None
}

impl List {
    /// Iterates over the entries, the newest first.
    fn iter(&self) -> impl Iterator<Item = *const Entry> {
        let unless_null = |entry: *const Entry| (!entry.is_null()).then_some(entry);
        iter::successors(unless_null(self.newest.get()), move |entry| {
            // SAFETY: the pointers in the list and its entries are to entries in the list, which are taken out before
            // they are freed.
            unless_null(unsafe { &**entry }.older.get())
        })
    }

    /// Returns a share of the newest entry for which `is_meant` is true.
    fn find(&self, is_meant: impl Fn(&Entry) -> bool) -> Option<Rc<Entry>> {
        // SAFETY: it is in the list.
        let entry = self.iter().find(|entry| is_meant(unsafe { &**entry }))?;
        // SAFETY: likewise.
        Some(unsafe { share(entry) })
    }
}

/// Returns another share of an entry.
///
/// # Safety
///
/// - It is in a list.
unsafe fn share(entry: *const Entry) -> Rc<Entry> {
    // SAFETY: an entry in a list came from `Rc::into_raw`, and its core has a share.
    unsafe { Rc::increment_strong_count(entry) };
    // SAFETY: this is the share that was just added.
    unsafe { Rc::from_raw(entry) }
}

impl Entry {
    pub(crate) fn name(&self) -> &Cow<'static, str> {
        &self.name
    }

    /// The coroutine's core, if it has not ended.
    pub(crate) fn core(&self) -> Option<&RawCore> {
        // SAFETY: the caller of `give_name` has promised that the core stays until the coroutine has ended, and then
        // there is none here.
        self.core.get().map(|core| unsafe { core.as_ref() })
    }

    /// Puts an entry into its list.
    ///
    /// # Safety
    ///
    /// - It comes from `Rc::into_raw`, is in no list, and is taken [out](Self::unlink) before it is freed.
    unsafe fn link(entry: *const Self) {
        // SAFETY: our caller's promise.
        let this = unsafe { &*entry };
        let older = this.list.newest.replace(entry);
        this.older.set(older);
        // SAFETY: null, or in the list.
        if let Some(older) = unsafe { older.as_ref() } {
            older.newer.set(entry);
        }
    }

    fn unlink(&self) {
        let (newer, older) = (self.newer.get(), self.older.get());
        // SAFETY: null, or in the list.
        match unsafe { newer.as_ref() } {
            Some(newer) => newer.older.set(older),
            None => self.list.newest.set(older),
        }
        // SAFETY: likewise.
        if let Some(older) = unsafe { older.as_ref() } {
            older.newer.set(newer);
        }
    }
}

impl RawCore {
    /// Gives the coroutine a name, which replaces an earlier one. Does nothing if the coroutine has ended.
    ///
    /// # Safety
    ///
    /// - `core` is valid until its coroutine has [ended](RawCore::end).
    pub(crate) unsafe fn give_name(core: NonNull<Self>, name: Cow<'static, str>) {
        // SAFETY: our caller's promise.
        let this = unsafe { core.as_ref() };
        if matches!(this.phase(), Phase::Finished | Phase::Panicked) {
            return;
        }
        if this.has(NAMED) {
            this.take_name();
        }
        let Some(list) = list() else { return };
        names_hook::install(answer);
        #[cfg(all(bysyncify_native, unix))]
        super::fiber::overflow::ask_for_names(tell_name_of_guarded);
        let entry = Rc::new(Entry {
            #[cfg(feature = "tracing")]
            spans: RefCell::new(Rc::new(Spans::named(&name))),
            name,
            core: Cell::new(Some(core)),
            low: this.low.get(),
            list,
            newer: Cell::new(ptr::null()),
            older: Cell::new(ptr::null()),
        });
        let entry = Rc::into_raw(entry);
        // SAFETY: just made. The core has this share until `take_name`, which takes it out.
        unsafe { Entry::link(entry) };
        // SAFETY: it is the address of a reference-counted value, so not null.
        this.low.set(unsafe { NonNull::new_unchecked(entry.cast_mut()) }.cast());
        this.add(NAMED);
    }

    /// The coroutine's entry, if it has a name.
    fn named(&self) -> Option<NonNull<Entry>> {
        self.has(NAMED).then(|| self.low.get().cast())
    }

    /// Removes the coroutine's name, if it has one.
    fn take_name(&self) {
        let Some(entry) = self.named() else { return };
        // SAFETY: `give_name` has put it there, and from now on it is not there.
        let entry = unsafe { Rc::from_raw(entry.as_ptr().cast_const()) };
        self.low.set(entry.low);
        self.remove(NAMED);
        entry.core.set(None);
        entry.unlink();
    }

    /// A share of the coroutine's entry, if it has a name.
    #[cfg(feature = "tracing")]
    pub(super) fn kept(&self) -> Option<Rc<Entry>> {
        // SAFETY: as long as it has the name, its entry is in the list.
        self.named().map(|entry| unsafe { share(entry.as_ptr()) })
    }

    /// The coroutine's name, if it has one. The core must not have been overwritten: if it may have been, use
    /// [`entry_of`].
    #[cfg(any(feature = "tracing", all(bysyncify_native, unix)))]
    pub(crate) fn name(&self) -> Option<&str> {
        // SAFETY: as long as it has the name, the core has a share in the entry.
        self.named().map(|entry| &*unsafe { entry.as_ref() }.name)
    }

    /// Whether the running code is on this coroutine's stack. `here` is the address of a local of that code.
    fn is_on_stack(&self, here: usize) -> bool {
        let is_current = ptr::eq(ActiveSwitch::current(), self);
        is_current || self.is_running() && self.has_on_stack(here)
    }
}

/// Handles a request to this file from code that every program has.
fn answer(ask: &Ask<'_>) {
    let (entry, cause) = match *ask {
        Ask::Forget(core) => return core.take_name(),
        Ask::EndBecauseOf(core, cause) => (entry_of(core), cause),
        // No coroutine is current here, and this may be the host's stack.
        Ask::EndHere(core, cause) => (entry_of(core).or_else(entry_here), cause),
    };
    if let Some(entry) = entry {
        fatal(&InCoroutine { name: &entry.name, cause });
    }
}

/// The cause of the program's end, and the name of the coroutine concerned.
struct InCoroutine<'a> {
    name: &'a str,
    cause: &'a Fatal,
}

impl fmt::Display for InCoroutine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "coroutine `{}`: {}", self.name, self.cause)
    }
}

/// Passes the name of the current coroutine to `tell` if the address is in its guard. Called by a signal handler, so
/// nothing is allocated here.
#[cfg(all(bysyncify_native, unix))]
fn tell_name_of_guarded(address: usize, tell: &mut dyn FnMut(&str)) {
    // SAFETY: null, or the core of a coroutine that is running.
    let Some(core) = (unsafe { ActiveSwitch::current().as_ref() }) else { return };
    if let (true, Some(name)) = (core.fiber.has_in_guard(address), core.name()) {
        tell(name);
    }
}

/// The entries of all named coroutines of this thread, in the order in which they were given their names.
pub(crate) fn all() -> Vec<Rc<Entry>> {
    let Some(list) = list() else { return Vec::new() };
    let mut entries = Vec::with_capacity(list.iter().count());
    // From here on nothing is allocated. (The allocator is the user's, and may have named another coroutine.)
    for entry in list.iter().take(entries.capacity()) {
        // SAFETY: it is in the list.
        entries.push(unsafe { share(entry) });
    }
    entries.reverse();
    entries
}

/// The entry of the coroutine with this core. The core is not read, because it may have been overwritten.
fn entry_of(core: *const RawCore) -> Option<Rc<Entry>> {
    let is_its = |entry: &Entry| entry.core.get().is_some_and(|it| ptr::eq(it.as_ptr(), core));
    list()?.find(is_its)
}

/// The entry of the coroutine on whose stack this is called. Also where none is current, as in a panic hook.
///
/// In a module of `bysyncify-ld` a hook runs on the host's stack. There it is the entry of a running coroutine. If
/// several are running, because one polls another, it is that of the one that was named last. Usually this is the inner
/// one, because the outer one has made it.
pub(crate) fn entry_here() -> Option<Rc<Entry>> {
    let here = MaybeUninit::<u8>::uninit();
    let here = core::hint::black_box(&raw const here).addr();
    let (list, is_set_aside) = (list()?, ActiveSwitch::why_outside() != 0);
    let is_there = |core: &RawCore| core.is_on_stack(here) || is_set_aside && core.is_running();
    list.find(|entry| entry.core().is_some_and(is_there))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Coroutine;
    use alloc::format;
    use alloc::string::String;

    fn names() -> Vec<String> {
        all().iter().map(|entry| String::from(&**entry.name())).collect()
    }

    fn named(name: &'static str) -> Coroutine<impl FnOnce(crate::CoreHandle<'_>) -> u32, u32> {
        Coroutine::new(4096, |_| 7).named(name)
    }

    #[test]
    fn the_list_has_those_that_have_not_ended() {
        assert!(names().is_empty());
        let (a, b, c, d) = (named("a"), named("b"), named("c"), named("d"));
        assert_eq!(names(), ["a", "b", "c", "d"]);
        // In the middle, the newest, the oldest, the last.
        drop(b);
        assert_eq!(names(), ["a", "c", "d"]);
        drop(d);
        assert_eq!(names(), ["a", "c"]);
        drop(a);
        assert_eq!(names(), ["c"]);
        drop(c);
        assert!(names().is_empty());
    }

    #[test]
    fn another_name_takes_the_place_of_the_first() {
        let a = named("a");
        let b = named("b").named(String::from("other"));
        assert_eq!(names(), ["a", "other"]);
        drop(a.named("newer"));
        assert_eq!(names(), ["other"]);
        drop(b);
    }

    #[test]
    fn memory_of_one_that_was_named_is_whole() {
        let mut coroutine = named("a");
        let size = coroutine.stack_size();
        assert_eq!(coroutine.cancel(), None);
        assert!(names().is_empty());
        let stack = coroutine.named("late").into_stack().expect("it has ended");
        assert!(names().is_empty());
        assert!(stack.size() >= size);
        let again = Coroutine::with_stack(stack, |_| 8_u32).named("b");
        assert_eq!((names(), again.stack_size()), (alloc::vec!["b".into()], size));
    }

    #[test]
    fn entry_outlives_its_coroutine_in_the_hands_of_who_looks() {
        let coroutine = named("a");
        let entries = all();
        assert!(entries[0].core().is_some());
        drop(coroutine);
        assert!(entries[0].core().is_none());
        assert_eq!(format!("{}", entries[0].name()), "a");
    }

    #[test]
    fn forgotten_one_stays_and_other_threads_do_not_see_it() {
        std::thread::spawn(|| {
            core::mem::forget(named("forgotten"));
            assert_eq!(names(), ["forgotten"]);
        })
        .join()
        .unwrap();
        assert!(names().is_empty());
    }
}
