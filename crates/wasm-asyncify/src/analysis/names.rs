//! Readable names of functions, and matching them with names or paths that the user gives.

use rustc_demangle::demangle;

/// A function's name as a programmer would write it, without hashes.
pub fn readable(symbol: &str) -> String {
    format!("{:#}", demangle(symbol))
}

/// The crate of a function (by its readable name). For a method it is the crate of the type or, if that has
/// none, of the trait.
pub fn crate_of(name: &str) -> &str {
    let mut homes = homes(name).filter_map(|home| home.split_once("::")).map(|(first, _)| first);
    homes.find(|first| first.chars().all(|c| c.is_alphanumeric() || c == '_')).unwrap_or("")
}

/// Whether a function (by its readable name) is in `path`, or a method of a trait or type in it:
///
/// - `core::fmt` means `core::fmt::write`, and `<u32 as core::fmt::Display>::fmt`, too,
/// - but not `<alloc::vec::Vec<core::fmt::Error> as core::ops::Drop>::drop`,
/// - and `sqlite3Fts5*` means all names with this prefix: C has no modules.
pub fn is_in(name: &str, path: &str) -> bool {
    if let Some(beginning) = path.strip_suffix('*') {
        return homes(name).any(|home| home.starts_with(beginning));
    }
    homes(name).any(|home| {
        home.strip_prefix(path).is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with("::")
                || rest.starts_with(['<', '>', ' ', ']', ')', ',', ';'])
        })
    })
}

/// The crates, and the modules right in them, that a function (by its readable name)
/// belongs to: of `<a::b::C as d::E>::f`, `a`, `a::b` and `d`.
pub fn modules(name: &str) -> impl Iterator<Item = &str> {
    let is_plain = |segment: &str| segment.chars().all(|c| c.is_alphanumeric() || c == '_');
    homes(name).flat_map(move |home| {
        // The last segment is left out: it is the function itself, or not a plain path.
        let mut ends = home.match_indices("::").map(|(at, _)| at);
        let (first, second) = (ends.next(), ends.next());
        let paths = [first, second].map(|end| end.map(|end| &home[..end]));
        paths.into_iter().flatten().filter(move |path| path.split("::").all(is_plain))
    })
}

/// Whether a function (by its readable name) can be in a trait object's vtable: a trait's method for some type.
/// Functions behind function pointers to closures are not methods.
pub(crate) fn is_method(name: &str) -> bool {
    // The function that calls a closure that is moved out of a box, in both manglings.
    if name.contains("{{vtable.shim}}") || name.contains("{shim:vtable#") {
        return true;
    }
    let Some(inner) = name.strip_prefix('<') else { return false };
    let (inner, rest) = inner.split_at(end_of_brackets(inner));
    parts(inner).len() == 2 && rest != ">::call_once"
}

/// The paths that a function belongs to, by its name: `<A as B>::f` is in `A` and in `B`,
/// `a::<impl B for C>::f` in `a`, `B` and `C`, and `a::f` in `a`.
fn homes(name: &str) -> impl Iterator<Item = &str> {
    let (before, inner) = match name.strip_prefix('<') {
        Some(inner) => (None, Some(inner)),
        None => match name.split_once("<impl ") {
            Some((before, inner)) if before.ends_with("::") => (Some(name), Some(inner)),
            _ => (Some(name), None),
        },
    };
    let inner = inner.map(|inner| &inner[..end_of_brackets(inner)]).unwrap_or_default();
    let parts = parts(inner.strip_prefix("impl ").unwrap_or(inner));
    before.into_iter().chain(parts.into_iter().map(without_sigils))
}

/// Splits at each ` as ` and ` for ` that is not inside brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    'next: loop {
        for (at, depth) in depths(rest) {
            for word in [" as ", " for "] {
                if depth == 0 && rest[at..].starts_with(word) {
                    parts.push(&rest[..at]);
                    rest = &rest[at + word.len()..];
                    continue 'next;
                }
            }
        }
        parts.push(rest);
        return parts;
    }
}

/// The position of the bracket that closes the ones around `text`.
fn end_of_brackets(text: &str) -> usize {
    let end = depths(text).find(|(_, depth)| *depth < 0);
    end.map_or(text.len(), |(at, _)| at)
}

/// Each character's position and bracket depth. A closing bracket counts as outside.
fn depths(text: &str) -> impl Iterator<Item = (usize, i32)> {
    let mut depth = 0;
    let mut last = ' ';
    text.char_indices().map(move |(at, c)| {
        match c {
            '<' | '(' | '[' => depth += 1,
            // An arrow's head is no bracket.
            '>' if last == '-' => {}
            '>' | ')' | ']' => depth -= 1,
            _ => {}
        }
        last = c;
        // An opening bracket counts as inside, but its own depth is never used.
        (at, depth)
    })
}

/// The type in `&mut T`, `*const T`, `[T]`, `dyn T`.
fn without_sigils(mut path: &str) -> &str {
    while let Some(rest) = ["&", "*const ", "*mut ", "mut ", "dyn ", "[", "(", "!"]
        .iter()
        .find_map(|sigil| path.strip_prefix(sigil))
    {
        path = rest;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_manglings_are_read() {
        assert_eq!(
            readable("_ZN5alloc3fmt6format12format_inner17h0123456789abcdefE"),
            "alloc::fmt::format::format_inner"
        );
        assert_eq!(
            readable(
                "_RNvXsr_NtCs1CYXbLPYCFn_4core4cellNtB5_14BorrowMutErrorNtNtB7_3fmt7Display3fmt"
            ),
            "<core::cell::BorrowMutError as core::fmt::Display>::fmt"
        );
        assert_eq!(readable("memcpy"), "memcpy");
    }

    #[test]
    fn a_function_belongs_to_its_module_its_type_and_its_trait() {
        for (name, path, expected) in [
            ("core::fmt::write", "core::fmt", true),
            ("core::fmt::write", "core", true),
            ("core::fmt::write", "core::fmt::write", true),
            ("core::fmt::write", "core::fm", false),
            ("core::fmt::write", "fmt", false),
            ("core::fmt::num::imp::<impl core::fmt::Display for u32>::fmt", "core::fmt", true),
            ("a::<impl core::fmt::Display for b::C<d::E>>::fmt", "core::fmt", true),
            ("a::<impl core::fmt::Display for b::C<d::E>>::fmt", "b", true),
            ("a::<impl core::fmt::Display for b::C<d::E>>::fmt", "d", false),
            ("<u32 as core::fmt::Display>::fmt", "core::fmt", true),
            ("<&mut dyn core::fmt::Write as core::fmt::Write>::write_str", "core::fmt", true),
            ("<alloc::vec::Vec<core::fmt::Error> as core::ops::Drop>::drop", "core::fmt", false),
            ("<[u8] as a::B>::c", "u8", true),
            ("<fn(x::Y) -> core::fmt::Error as a::B>::c", "a", true),
            ("<fn(x::Y) -> core::fmt::Error as a::B>::c", "core::fmt", false),
            ("core::ptr::drop_in_place::<core::fmt::Error>", "core::fmt", false),
            ("regex::Regex::new::{closure#0}", "regex", true),
            ("<regex::Regex>::new", "regex", true),
            ("regex_syntax::parse", "regex", false),
            ("sqlite3Fts5Init", "sqlite3Fts5*", true),
            ("sqlite3Fts5Init", "sqlite3Fts5", false),
            ("sqlite3_step", "sqlite3Fts5*", false),
            ("<a::B as serde_json::C>::d", "serde*", true),
        ] {
            assert_eq!(is_in(name, path), expected, "{name} in {path}");
        }
    }

    #[test]
    fn a_function_is_in_crates_and_their_modules() {
        let of = |name| modules(name).collect::<Vec<_>>();
        assert_eq!(of("<a::b::C as d::E>::f"), ["a", "a::b", "d"]);
        assert_eq!(of("a::b::c::f"), ["a", "a::b"]);
        assert_eq!(of("a::b<c::D>::f"), ["a"]);
        assert_eq!(of("memcpy"), [""; 0]);
    }

    #[test]
    fn a_method_is_known_by_its_name() {
        for (symbol, expected) in [
            (
                "_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17he96d4d40f3fa74b2E.llvm.14",
                true,
            ),
            ("_RNvXsK_NtCs1CYXbLPYCFn_4core3fmtNtB5_5ErrorNtB5_5Debug3fmt", true),
            (
                "_ZN4core3ops8function6FnOnce40call_once$u7b$$u7b$vtable.shim$u7d$$u7d$17hc0ee07ab\
                 0a422bc2E",
                true,
            ),
            ("_ZN4core3ops8function6FnOnce9call_once17h0123456789abcdefE", false),
            ("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", false),
            ("main", false),
        ] {
            assert_eq!(is_method(&readable(symbol)), expected, "{symbol}");
        }
        for (name, expected) in [
            ("<a::B as c::D>::e", true),
            ("<a::B as c::D>::e::<f::G>", true),
            ("<a::B as core::ops::function::FnOnce<()>>::call_once::{shim:vtable#0}", true),
            ("<a::b::{closure#0} as core::ops::function::FnOnce<()>>::call_once", false),
            ("<a::B>::c", false),
            ("<a::B<dyn c::D as e::F>>::g", false),
        ] {
            assert_eq!(is_method(name), expected, "{name}");
        }
    }

    #[test]
    fn crate_of_a_method_is_that_of_its_type() {
        for (name, expected) in [
            ("core::fmt::write", "core"),
            ("<csv::Error as core::fmt::Display>::fmt", "csv"),
            ("<&csv::Error as core::fmt::Display>::fmt", "csv"),
            ("<u32 as core::fmt::Display>::fmt", "core"),
            ("core::ptr::drop_in_place::<csv::Error>", "core"),
            ("memcpy", ""),
        ] {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }
}
