//! Recognises, by their names, functions of std in which waiting has bad consequences.
//!
//! A name is no proof: the program can have its own function with such a name, and the optimiser can inline
//! std's. If the name is wrong, the only consequence is that waiting in that function is refused with a
//! message. If the function that runs an initialiser was inlined, `crate::initialisers` finds it.

use super::names::{is_in, readable};
use super::program::Program;
use crate::module::FunctionIndex;

/// The modules behind `thread_local!`, on targets without threads and with them.
const THREAD_LOCAL: &str = "std::sys::thread_local";

/// Their methods that call an initialiser.
const INITIALISE: [&str; 3] = ["initialize", "get_or_init_slow", "try_initialize"];

/// The methods that call one of these, or contain it after inlining.
const GET: [&str; 2] = ["get", "get_or_init"];

/// Whether a function (by its readable name) runs the initialiser of a `thread_local!`. `calls` are the names
/// of its callees.
pub(super) fn is_initialiser(name: &str, mut calls: impl Iterator<Item = String>) -> bool {
    is_in(name, THREAD_LOCAL)
        && (INITIALISE.contains(&method(name))
            || (GET.contains(&method(name))
                && !calls.any(|name| INITIALISE.contains(&method(&name)))))
}

/// Functions that stop the thread until another one does something.
const PARK: [&str; 5] = [
    "std::thread::park",
    "std::thread::park_timeout",
    "std::thread::functions::park",
    "std::thread::functions::park_timeout",
    // The function in which std's channels wait.
    "std::sync::mpmc::context::Context::wait_until",
];

/// std's channels, and their functions that can wait.
const CHANNELS: &str = "std::sync::mpmc";
const WAITS_IN_CHANNEL: [&str; 5] = [
    "list::Channel<T>::recv",
    "array::Channel<T>::recv",
    "array::Channel<T>::send",
    "zero::Channel<T>::recv",
    "zero::Channel<T>::send",
];

/// The functions that stop the thread.
pub(crate) fn parks(program: &Program) -> Vec<FunctionIndex> {
    named(program, |name| PARK.contains(&name))
}

/// The functions that stop the thread, and those that may contain one after inlining.
pub(crate) fn blocking(program: &Program) -> Vec<FunctionIndex> {
    named(program, |name| PARK.contains(&name) || waits_in_channel(name))
}

fn waits_in_channel(name: &str) -> bool {
    let path = name.strip_prefix(CHANNELS).and_then(|rest| rest.strip_prefix("::"));
    path.is_some_and(|path| {
        WAITS_IN_CHANNEL.iter().any(|waits| {
            let rest = path.strip_prefix(waits);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::{{closure}}"))
        })
    })
}

fn named(program: &Program, is_meant: impl Fn(&str) -> bool) -> Vec<FunctionIndex> {
    let functions = program.functions.iter();
    let named = functions.filter_map(|(index, function)| Some((index, function.name.as_ref()?)));
    named.filter(|(_, name)| is_meant(&readable(name))).map(|(index, _)| index).collect()
}

/// The last segment of a path, without generic arguments.
fn method(name: &str) -> &str {
    let path = name.strip_suffix('>').map_or(name, |rest| {
        // The part of `a::b::<c::D>` before the brackets.
        rest.split_once("::<").map_or(rest, |(path, _)| path)
    });
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::readable;
    use std::iter;

    #[test]
    fn initialisers_are_known_by_name_in_both_manglings() {
        let no_threads = "std::sys::thread_local::no_threads::LazyStorage";
        let native = "std::sys::thread_local::native::lazy::Storage";
        for (name, expected) in [
            (format!("{no_threads}<T>::initialize"), true),
            (format!("<{no_threads}<u32>>::initialize::<fn() -> u32>"), true),
            (format!("<{no_threads}<a::B<c::D>>>::initialize::<a::f>"), true),
            (format!("{native}<T,D>::get_or_init_slow"), true),
            (format!("<{native}<u32, !>>::get_or_init_slow::<a::f>"), true),
            (format!("{no_threads}<T>::get_mut"), false),
            ("a::thread_local::LazyStorage<T>::initialize".to_owned(), false),
            ("std::thread::local::LocalKey<T>::initialize_with".to_owned(), false),
            ("std::sync::once_lock::OnceLock<T>::initialize".to_owned(), false),
        ] {
            assert_eq!(is_initialiser(&name, iter::empty()), expected, "{name}");
        }
        let legacy = readable(
            "_ZN3std3sys12thread_local10no_threads20LazyStorage$LT$T$GT$10initialize\
             17h32c01ccd910c5b65E",
        );
        assert!(is_initialiser(&legacy, iter::empty()));
    }

    #[test]
    fn what_calls_an_initialiser_by_itself_is_one_if_that_was_inlined() {
        let get = "std::sys::thread_local::no_threads::LazyStorage<T>::get";
        let initialise = "std::sys::thread_local::no_threads::LazyStorage<T>::initialize";
        let calls = |name: &str| iter::once(name.to_owned());
        assert!(!is_initialiser(get, calls(initialise)));
        assert!(is_initialiser(get, calls("a::f")));
        assert!(is_initialiser(get, iter::empty()));
        assert!(!is_initialiser("std::sync::once_lock::OnceLock<T>::get", iter::empty()));
    }
}
