//! Functions of std in which a wait ends badly, by their names.
//!
//! A name is no proof: the program can have a function of its own called so, and the optimiser can
//! leave none. What a name costs is a refusal with a message, where code waits in there. What is
//! missed because the function was inlined is for `docs/limits.md` to say.

use super::names::is_in;

/// The modules that `thread_local!` is made of, on targets without threads and with them.
const THREAD_LOCAL: &str = "std::sys::thread_local";

/// Their methods that call an initialiser.
const INITIALISE: [&str; 3] = ["initialize", "get_or_init_slow", "try_initialize"];

/// Whether this (by its readable name) runs the initialiser of a `thread_local!`.
pub(super) fn is_initialiser(name: &str) -> bool {
    is_in(name, THREAD_LOCAL) && INITIALISE.contains(&method(name))
}

/// The last segment of a path, without generic arguments.
fn method(name: &str) -> &str {
    let path = name.strip_suffix('>').map_or(name, |rest| {
        // Of `a::b::<c::D>` what is before the brackets.
        rest.split_once("::<").map_or(rest, |(path, _)| path)
    });
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::readable;

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
            (format!("{no_threads}<T>::get"), false),
            ("a::thread_local::LazyStorage<T>::initialize".to_owned(), false),
            ("std::thread::local::LocalKey<T>::initialize_with".to_owned(), false),
            ("std::sync::once_lock::OnceLock<T>::initialize".to_owned(), false),
        ] {
            assert_eq!(is_initialiser(&name), expected, "{name}");
        }
        assert!(is_initialiser(&readable(
            "_ZN3std3sys12thread_local10no_threads20LazyStorage$LT$T$GT$10initialize\
             17h32c01ccd910c5b65E"
        )));
    }
}
