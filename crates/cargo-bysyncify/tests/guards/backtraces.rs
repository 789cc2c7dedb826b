//! What a program tells of its coroutines that wait.

use cargo_bysyncify::{Recipe, Resumption};
use wasmparser::{Parser, Payload};

use crate::{DEBUG, Profile, RELEASE, assert_prints, compile, made, run, sources};

const DEBUG_WITH_DWARF: Profile = Profile { rustc: &["-Cdebug-assertions", "-g"], ..DEBUG };
const RELEASE_WITH_DWARF: Profile = Profile { rustc: &["-Copt-level=3", "-g"], ..RELEASE };

/// With the names and lines that there are.
fn with_symbols() -> Recipe {
    let symbols_folder = Some(sources().to_str().unwrap().to_owned());
    Recipe { symbols: true, symbols_folder, ..Recipe::default() }
}

#[test]
fn debug_build_tells_functions_files_and_lines() {
    let compiled = compile("backtraces", DEBUG_WITH_DWARF);
    for resumption in [Resumption::AllAtOnce, Resumption::OneByOne] {
        let recipe = Recipe { checks: true, debug_info: true, resumption, ..with_symbols() };
        let printed = run(&made(&compiled, &recipe));
        assert_prints(&printed, include_str!("programs/backtraces.txt"));
    }
}

#[test]
fn release_build_tells_numbers_unless_it_is_to_tell_more() {
    let compiled = compile("backtraces", RELEASE);
    let printed = run(&made(&compiled, &Recipe::default()));
    let mut lines = printed.lines().map(|line| line.split_once(": function "));
    assert_eq!((lines.next(), lines.next()), (Some(None), Some(None)), "{printed}");
    let (number, function) = lines.next().flatten().unwrap();
    let (index, point) = function.split_once(", suspend point ").unwrap();
    assert_eq!((number, index.parse::<u32>().is_ok(), point), ("   0", true, "0"), "{printed}");
    let compiled = compile("backtraces", RELEASE_WITH_DWARF);
    let printed = run(&made(&compiled, &with_symbols()));
    // The same: nothing of it is inlined.
    let told = include_str!("programs/backtraces.txt");
    let first = told.split_inclusive('\n').take(10).collect::<String>();
    assert!(printed.starts_with(&first), "{printed}");
}

/// Sections by their names, but for the data.
fn sections(wasm: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let sections = Parser::new(0).parse_all(wasm).filter_map(|payload| {
        let payload = payload.unwrap();
        let (id, range) = payload.as_section()?;
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        (!matches!(payload, Payload::DataSection(_) | Payload::CustomSection(_)))
            .then(|| (id, wasm[range].to_vec()))
    });
    sections.collect()
}

#[test]
fn code_is_the_same_with_symbols_and_without() {
    let compiled = compile("backtraces", RELEASE);
    let [plain, told] = [Recipe::default(), with_symbols()].map(|recipe| made(&compiled, &recipe));
    assert!(told.len() > plain.len());
    assert!(sections(&told) == sections(&plain));
    // Who does not ask has nothing of it.
    let compiled = compile("lookalike", RELEASE);
    let [plain, told] = [Recipe::default(), with_symbols()].map(|recipe| made(&compiled, &recipe));
    assert!(told == plain);
}
