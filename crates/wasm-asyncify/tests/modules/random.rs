//! Random modules, all of whose imports suspend, do what they do if nothing is ever suspended.
//!
//! `wasm-smith` makes the modules: valid ones that no compiler would make. Their imports note their
//! arguments, so what is compared is all that the host can see: each call with its arguments, the
//! results of each export, and where it traps. The checker looks at each of them, too.

use std::collections::BTreeMap;
use std::env;

use arbitrary::Unstructured;
use wasm_asyncify::analysis::{Choice, Imports};
use wasm_asyncify::{Options, Producer, transform};

use crate::host;

/// How many modules, unless the environment says more: `MODULES=5000 cargo test --release …`.
const MODULES: u64 = 400;

/// A module that has imports to call, or nothing if these random bytes make none.
fn module(seed: u64) -> Option<Vec<u8>> {
    let mut random = Random(seed);
    let bytes: Vec<u8> =
        std::iter::repeat_with(|| random.next().to_le_bytes()).take(500).flatten().collect();
    let config = wasm_smith::Config {
        available_imports: Some(host::imports()),
        min_imports: 1,
        max_imports: 6,
        min_funcs: 2,
        max_funcs: 12,
        export_everything: true,
        min_memories: 1,
        max_memories: 1,
        // The host keeps what it unwinds in there.
        max_memory32_bytes: 1 << 20,
        max_table_elements: 100,
        min_data_segments: 0,
        max_data_segments: 0,
        max_instructions: 150,
        memory64_enabled: false,
        // A reference that is alive while something is suspended is refused.
        reference_types_enabled: false,
        gc_enabled: false,
        // wasmi does not read them.
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
    let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(FUEL).ok()?;
    Some(module.to_bytes())
}

/// How many loops and calls a module may begin before it ends itself.
const FUEL: u32 = 500;

/// Numbers that look random: splitmix64.
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

#[test]
fn what_is_suspended_everywhere_does_what_it_does_if_nothing_is() {
    let options = Options {
        producer: Producer::Any,
        choice: Choice { imports: Imports::All, ..Choice::default() },
        driven_by_host: true,
        verify: true,
        ..Options::default()
    };
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let (mut ran, mut suspended) = (0, 0);
    let modules = env::var("MODULES").map_or(MODULES, |modules| modules.parse().unwrap());
    for seed in 0..modules {
        let Some(plain) = module(seed) else { continue };
        let made = match transform(&plain, &options) {
            Ok(made) => made,
            Err(error) => {
                *refused.entry(format!("{error:#}")).or_default() += 1;
                continue;
            }
        };
        let Some(expected) = host::run(&plain, false) else { continue };
        let found = host::run(&made.module, true).unwrap();
        assert_eq!(found.log, expected.log, "module of seed {seed}");
        ran += 1;
        suspended += found.suspended;
    }
    println!("{ran} modules, {suspended} times suspended, refused: {refused:#?}");
    assert!(suspended > 1000, "{suspended}");
    assert!(refused.is_empty(), "{refused:#?}");
}
