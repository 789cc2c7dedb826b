//! Frames in another memory than the program's first one, and modules that share the state.

mod support;

use wasm_asyncify::analysis::{Choice, Imports};
use wasm_asyncify::{Compact, FrameMemory, Options, Producer, Resumption, StateGlobals, transform};

/// `main` sleeps in two frames, and logs the values that it has kept. `{MEMORY}` stands for a memory.
const PROGRAM: &str = r#"(module
    (import "env" "sleep" (func $sleep (param i32) (result i32)))
    (import "env" "log" (func $log (param i32)))
    {MEMORY}
    (func (export "main") (result i32) (local i64)
        (local.set 0 (i64.extend_i32_u (call $twice (i32.const 10))))
        (call $log (call $twice (i32.const 30)))
        (i32.wrap_i64 (local.get 0)))
    (func $twice (param i32) (result i32)
        (i32.add (call $sleep (local.get 0)) (call $sleep (i32.const 20)))))"#;

const LOG: [i32; 6] = [10, 20, 30, 20, 52, 32];

fn options() -> Options {
    let choice =
        Choice { imports: Imports::Matching(vec!["env.sleep".into()]), ..Choice::default() };
    let producer = Producer::Any;
    Options { producer, choice, driven_by_host: true, verify: true, ..Options::default() }
}

fn made(memory: &str, options: &Options) -> Vec<u8> {
    let text = PROGRAM.replace("{MEMORY}", memory);
    transform(&wat::parse_str(text).unwrap(), options).unwrap().module
}

/// Also if nothing reads or writes the program's memory, and it is too small for a frame.
#[test]
fn frames_are_in_the_memory_that_was_chosen() {
    let named = |name: &str| FrameMemory::Named(name.to_owned());
    let none = r#"(memory (export "memory") 0)"#;
    let two = r#"(memory 0) (memory (export "memory") 1)"#;
    for compact in [Compact::None, Compact::All] {
        for resumption in [Resumption::AllAtOnce, Resumption::OneByOne] {
            for (memory, chosen) in [
                ("", FrameMemory::Only),
                ("", named("memory")),
                ("", FrameMemory::Secondary { pages: 1 }),
                (none, FrameMemory::Secondary { pages: 1 }),
                (two, named("memory")),
            ] {
                let name = format!("{memory} {chosen:?} {compact:?} {resumption:?}");
                let made =
                    made(memory, &Options { memory: chosen, compact, resumption, ..options() });
                let host = support::run(&made, true).expect(&name);
                assert_eq!((host.log, host.suspended), (LOG.to_vec(), 4), "{name}");
            }
        }
    }
}

/// A module that is suspended in a call of another module's function. Both share the state.
#[test]
fn modules_that_share_the_state_are_suspended_together() {
    let library = r#"(module
        (import "env" "sleep" (func $sleep (param i32) (result i32)))
        (memory (export "memory") 1)
        (global $calls (export "calls") (mut i32) (i32.const 0))
        (func (export "twice") (param i32) (result i32)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (i32.add (call $sleep (local.get 0)) (call $sleep (i32.const 20)))))"#;
    let main = r#"(module
        (import "env" "log" (func $log (param i32)))
        (import "library" "twice" (func $twice (param i32) (result i32)))
        (import "library" "memory" (memory 1))
        (import "library" "calls" (global $calls (mut i32)))
        (global $own (mut i32) (i32.const 5))
        (func (export "main") (result i32) (local i32)
            (local.set 0 (call $twice (i32.const 10)))
            (call $log (global.get $calls))
            (global.set $own (i32.add (global.get $own) (local.get 0)))
            (i32.add (call $twice (global.get $own)) (local.get 0))))"#;
    let make = |text: &str, import: &str, globals| {
        let imports = Imports::Matching(vec![import.to_owned()]);
        let choice = Choice { imports, ..Choice::default() };
        let options = Options { choice, globals, ..options() };
        transform(&wat::parse_str(text).unwrap(), &options).unwrap().module
    };
    let library = make(library, "env.sleep", StateGlobals::Exported);
    let log = vec![10, 20, 1, 37, 20, 91];
    for (suspends, suspended) in [(false, 0), (true, 4)] {
        let main = make(main, "library.twice", StateGlobals::Imported);
        let host = support::run_linked(&[("library", &library)], &main, suspends).unwrap();
        assert_eq!((host.log, host.suspended), (log.clone(), suspended));
    }
    // With a state of its own for each module, the unwind ends in `main`, which continues.
    let alone = make(main, "library.twice", StateGlobals::Own);
    let host = support::run_linked(&[("library", &library)], &alone, true).unwrap();
    assert_ne!(host.log, log);
}

/// `target_features` of a module that gets a second memory, or that shares its state with other modules.
#[test]
fn features_that_are_used_now_are_said_to_be() {
    let program = |memory: &str| {
        format!(r#"(@custom "target_features" "\02+\08sign-ext-\0bmultimemory") {memory}"#)
    };
    let shared = Options { globals: StateGlobals::Exported, ..options() };
    let secondary = Options { memory: FrameMemory::Secondary { pages: 1 }, ..options() };
    for (memory, options, expected) in [
        ("(memory 1)", options(), "\x02+\x08sign-ext-\x0bmultimemory"),
        ("", secondary.clone(), "\x02+\x08sign-ext-\x0bmultimemory"),
        ("(memory 1)", secondary, "\x02+\x08sign-ext+\x0bmultimemory"),
        ("(memory 1)", shared, "\x03+\x08sign-ext-\x0bmultimemory+\x0fmutable-globals"),
    ] {
        let made = made(&program(memory), &options);
        let sections = wasmparser::Parser::new(0).parse_all(&made).filter_map(|it| match it {
            Ok(wasmparser::Payload::CustomSection(it)) if it.name() == "target_features" => {
                Some(String::from_utf8_lossy(it.data()).into_owned())
            }
            _ => None,
        });
        assert_eq!(sections.collect::<Vec<_>>(), [expected], "{memory}");
    }
}

/// A linker's id is for the code that the linker has written.
#[test]
fn build_id_is_another_one() {
    let made =
        |id: &str| made(&format!(r#"(@custom "build_id" "\08{id}") (memory 1)"#), &options());
    let [one, two] = [made("aaaaaaaa"), made("bbbbbbbb")];
    let has = |module: &[u8], id: &[u8]| module.windows(8).any(|bytes| bytes == id);
    assert!(!has(&one, b"aaaaaaaa") && !has(&two, b"bbbbbbbb") && one != two);
    assert_eq!(one, made("aaaaaaaa"));
}
