//! Random modules, all of whose imports suspend, behave as if nothing is ever suspended.
//!
//! `wasm-smith` makes the modules: valid ones that no compiler would emit. Their imports log their arguments, so
//! the test compares all that the host can see: each call with its arguments, including references, the results of
//! each export, and traps. The checker verifies each module, too; and modules with references of kinds that the
//! host does not support.

use std::collections::BTreeMap;
use std::env;

use arbitrary::Unstructured;
use wasm_asyncify::analysis::{Choice, Imports};
use wasm_asyncify::{
    Compact, Error, FrameMemory, Options, Producer, Resumption, StateGlobals, transform,
};
use wasmparser::RefType;

use crate::host::{self, Waits};
use crate::node;

/// The number of modules, unless the environment sets another one. `cargo xtask test --only engine` does.
const MODULES: u64 = 400;

/// A module that has imports to call. None if these random bytes do not make one.
fn module(seed: u64) -> Option<Vec<u8>> {
    let has_references = seed % 4 >= 2;
    let config = wasm_smith::Config {
        available_imports: Some(host::imports(has_references)),
        min_imports: 1,
        max_imports: 6,
        min_funcs: 2,
        max_funcs: 12,
        export_everything: true,
        min_memories: 1,
        max_memories: 1,
        // The host saves frames in it.
        max_memory32_bytes: 1 << 20,
        max_table_elements: 100,
        min_data_segments: 0,
        max_data_segments: 0,
        max_instructions: 150,
        memory64_enabled: false,
        reference_types_enabled: has_references,
        // wasmi does not support these.
        gc_enabled: false,
        compact_imports_enabled: false,
        exceptions_enabled: false,
        threads_enabled: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        tail_call_enabled: seed.is_multiple_of(3),
        bulk_memory_enabled: true,
        multi_value_enabled: seed.is_multiple_of(2),
        custom_page_sizes_enabled: false,
        wide_arithmetic_enabled: false,
        allow_start_export: false,
        canonicalize_nans: true,
        ..wasm_smith::Config::default()
    };
    let mut module = made(config, seed)?;
    module.ensure_termination(FUEL).ok()?;
    Some(module.to_bytes())
}

/// One module in this number may have several memories.
const MANY_MEMORIES: u64 = 11;

/// The largest number of imports of a module with all features.
const MOST_IMPORTS: usize = 20;

/// A module with all features.
fn module_with_all(seed: u64) -> Option<Vec<u8>> {
    let config = wasm_smith::Config {
        available_imports: Some(node::imports()),
        min_imports: 1,
        max_imports: MOST_IMPORTS,
        min_funcs: 2,
        // Imports count, too: with fewer, most modules had no function that calls one.
        max_funcs: MOST_IMPORTS + 6,
        // With the default of 1,000 there are hardly any types of structs and arrays.
        max_type_size: 100_000,
        max_types: 30,
        min_types: 5,
        export_everything: true,
        min_memories: 1,
        max_memories: if seed.is_multiple_of(MANY_MEMORIES) { 3 } else { 1 },
        max_memory32_bytes: 1 << 20,
        max_memory64_bytes: 1 << 20,
        memory_max_size_required: true,
        max_table_elements: 100,
        table_max_size_required: true,
        max_instructions: 200,
        min_data_segments: 0,
        max_data_segments: 2,
        memory64_enabled: seed.is_multiple_of(5),
        gc_enabled: true,
        reference_types_enabled: true,
        exceptions_enabled: true,
        tail_call_enabled: seed.is_multiple_of(3),
        multi_value_enabled: true,
        simd_enabled: seed.is_multiple_of(2),
        relaxed_simd_enabled: false,
        threads_enabled: false,
        shared_everything_threads_enabled: false,
        custom_descriptors_enabled: false,
        custom_page_sizes_enabled: false,
        compact_imports_enabled: false,
        wide_arithmetic_enabled: false,
        allow_start_export: false,
        canonicalize_nans: true,
        ..wasm_smith::Config::default()
    };
    let mut module = made(config, seed)?;
    module.ensure_termination(FUEL).ok()?;
    Some(module.to_bytes())
}

fn made(config: wasm_smith::Config, seed: u64) -> Option<wasm_smith::Module> {
    let mut random = Random(seed);
    let bytes: Vec<u8> =
        std::iter::repeat_with(|| random.next().to_le_bytes()).take(500).flatten().collect();
    wasm_smith::Module::new(config, &mut Unstructured::new(&bytes)).ok()
}

/// The number of loops and calls that a module may begin before it traps.
const FUEL: u32 = 500;

/// Pseudo-random numbers: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Every import can suspend, and functions are in both forms. Some modules save frames in an added memory, and some
/// share the state with other modules, or could.
fn options(seed: u64) -> Options {
    let forms = [Compact::ByTypeOnly, Compact::All, Compact::EveryOther(0), Compact::EveryOther(1)];
    Options {
        compact: forms[(Random(!seed).next() % 4) as usize],
        memory: match (seed % 5, seed % MANY_MEMORIES) {
            (1, _) | (_, 0) => FrameMemory::Secondary { pages: 1 },
            _ => FrameMemory::Only,
        },
        globals: match seed % 7 {
            2 => StateGlobals::Imported,
            3 => StateGlobals::Exported,
            _ => StateGlobals::Own,
        },
        producer: Producer::Any,
        choice: Choice { imports: Imports::All, ..Choice::default() },
        driven_by_host: true,
        verify: true,
        ..Options::default()
    }
}

/// The same options for functions that are resumed one by one: the host knows a memory in which their frames can
/// stay.
fn one_by_one(options: Options) -> Options {
    let memory = FrameMemory::Secondary { pages: 1 };
    Options { resumption: Resumption::OneByOne, memory, ..options }
}

#[test]
fn what_is_suspended_everywhere_does_what_it_does_if_nothing_is() {
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let (mut ran, mut suspended, mut overflowed, mut flat) = (0, 0, 0, 0);
    for seed in 0..modules() {
        let Some(plain) = module(seed) else { continue };
        let made = match transform(&plain, &options(seed)) {
            Ok(made) => made,
            Err(error) => {
                *refused.entry(format!("{error:#}")).or_default() += 1;
                continue;
            }
        };
        let one_by_one = match transform(&plain, &one_by_one(options(seed))) {
            Ok(made) => Some(made),
            Err(Error::NotImplemented { .. } | Error::Unsupported { .. }) => None,
            Err(error) => panic!("module of seed {seed}, one by one: {error:#}"),
        };
        let Some(expected) = host::run(&plain, Waits::Never) else { continue };
        let all_at_once = Some((made, Waits::PutAside));
        for (made, waits) in all_at_once.into_iter().chain(one_by_one.map(|it| (it, Waits::There)))
        {
            let found = host::run(&made.module, waits).unwrap();
            if found.overflowed {
                overflowed += 1;
                continue;
            }
            assert_eq!(found.log, expected.log, "module of seed {seed}, {waits:?}");
            ran += 1;
            suspended += found.suspended;
            flat += usize::from(waits == Waits::There && found.suspended > 0);
        }
    }
    println!(
        "ran {ran} modules, {suspended} times suspended, {overflowed} without enough room for frames, \
         {flat} one by one, refused: {refused:#?}"
    );
    assert!(suspended > 1000 && flat > 20, "{suspended} {flat}");
    assert!(refused.is_empty(), "{refused:#?}");
}

/// The number of modules for one Node process.
const BATCH: usize = 250;

/// The checker verifies each module. A Node that supports GC, whose path is in `NODE`, runs them, too.
#[test]
fn what_has_references_of_all_kinds_does_what_it_does_if_nothing_is_suspended() {
    let node = env::var_os("NODE");
    let (mut checked, mut with_tables, mut with_gc, mut flat, mut with_handlers) = (0, 0, 0, 0, 0);
    let (mut cases, mut outcome) = (Vec::new(), node::Outcome::default());
    for seed in 0..modules() {
        if let Some(plain) = module_with_all(seed) {
            let mut options = options(seed);
            // Few modules have room for frames in their own memory.
            if !seed.is_multiple_of(4) {
                options.memory = FrameMemory::Secondary { pages: 1 };
            }
            match transform(&plain, &options) {
                Ok(made) => {
                    checked += 1;
                    let added = |is_wanted: fn(RefType) -> bool| {
                        tables(&made.module, is_wanted) > tables(&plain, is_wanted)
                    };
                    with_tables += usize::from(added(|_| true));
                    with_gc += usize::from(added(|ty| ty == RefType::ANYREF));
                    let waits = Waits::PutAside;
                    cases.push(node::Case { seed, plain: plain.clone(), made: made.module, waits });
                }
                // Blocks with parameters, and tail calls in a `try`, are not supported in every function.
                Err(Error::NotImplemented { .. } | Error::Unsupported { .. }) => {}
                Err(error) => panic!("module of seed {seed}: {error:#}"),
            }
            match transform(&plain, &one_by_one(options)) {
                Ok(made) => {
                    flat += 1;
                    with_handlers += usize::from(throws(&made.module) > throws(&plain));
                    cases.push(node::Case { seed, plain, made: made.module, waits: Waits::There });
                }
                Err(Error::NotImplemented { .. } | Error::Unsupported { .. }) => {}
                Err(error) => panic!("module of seed {seed}, one by one: {error:#}"),
            }
        }
        if cases.len() >= BATCH || seed + 1 == modules() {
            let cases = std::mem::take(&mut cases);
            if let Some(node) = &node {
                node::run(node, &cases, &mut outcome);
            }
        }
    }
    let node::Outcome { ran, suspended, could_not, differs } = outcome;
    println!(
        "{checked} modules, {with_tables} of them with tables for references, {with_gc} for those to structs \
         and arrays; {flat} one by one, {with_handlers} of them with handlers"
    );
    println!("ran {ran} modules, {suspended} times suspended, and {could_not} could not be run");
    assert!(with_tables > 20 && checked > 100, "{with_tables} of {checked}");
    assert!(with_gc > 50, "{with_gc} of {with_tables}");
    assert!(flat > 50 && with_handlers > 10, "{with_handlers} of {flat}");
    assert!(differs.is_empty(), "{differs:#?}");
    assert!(node.is_none() || suspended > 500, "{suspended}");
}

/// The number of a module's tables with such references.
fn tables(wasm: &[u8], is_wanted: fn(RefType) -> bool) -> usize {
    let tables = wasmparser::Parser::new(0).parse_all(wasm).map(|payload| match payload.unwrap() {
        wasmparser::Payload::TableSection(section) => section
            .into_iter()
            .filter(|table| is_wanted(table.as_ref().unwrap().ty.element_type))
            .count(),
        _ => 0,
    });
    tables.sum()
}

/// The number of `throw_ref` instructions in a module.
fn throws(wasm: &[u8]) -> usize {
    let bodies = wasmparser::Parser::new(0).parse_all(wasm).map(|payload| match payload.unwrap() {
        wasmparser::Payload::CodeSectionEntry(body) => {
            let operators = body.get_operators_reader().unwrap().into_iter();
            operators.filter(|it| matches!(it, Ok(wasmparser::Operator::ThrowRef))).count()
        }
        _ => 0,
    });
    bodies.sum()
}

/// The number of modules of each kind.
fn modules() -> u64 {
    env::var("MODULES").map_or(MODULES, |modules| modules.parse().unwrap())
}
