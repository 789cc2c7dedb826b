//! Stacks of exactly the size that is said to be enough, in a real program.

use std::fs;
use std::process::Command;

use cargo_bysyncify::setup;
use wasm_asyncify::analysis::Precision;
use wasm_asyncify::stack_bounds::{CoroutineBound, StackBounds, Unbounded};
use wasm_asyncify::{Options, Resumption, module, transform};

use super::{DEBUG, RELEASE, compile, sources, succeed};

/// The names of the functions in which something of a coroutine is found, and what is known of it.
fn found(bounds: &StackBounds) -> Vec<(Vec<String>, CoroutineBound)> {
    let name = |function| bounds.program().readable(function);
    let named = |coroutine: CoroutineBound| {
        let names = match &coroutine.bound {
            Ok(bound) => {
                let chains = bound.shadow.functions.iter().chain(&bound.saved.functions);
                chains.map(|(function, _)| name(*function)).collect()
            }
            Err(Unbounded::Recursion { way, cycle }) => {
                way.iter().chain(cycle).map(|step| name(step.function)).collect()
            }
            Err(other) => panic!("{other:?}"),
        };
        (names, coroutine)
    };
    bounds.of_coroutines(Precision::Types).into_iter().map(named).collect()
}

#[test]
fn stack_that_is_said_to_be_enough_is() {
    for profile in [DEBUG, RELEASE] {
        let checks = profile.name == "dev";
        let compiled = compile("stack_bounds", profile);
        for resumption in [Resumption::OneByOne, Resumption::AllAtOnce] {
            let inline = !checks;
            let options = Options { checks, resumption, inline, ..Options::default() };
            let bounds = StackBounds::find(&compiled, &options).unwrap();
            let found = found(&bounds);
            assert_eq!(found.len(), 4, "{found:?}");
            let of = |function: &str| {
                let function = format!("stack_bounds::{function}");
                let mut known = found.iter().filter(|(names, _)| names.contains(&function));
                &known.next().unwrap_or_else(|| panic!("{function}: {found:?}")).1.bound
            };
            let made = transform(&compiled, &options).unwrap().module;
            module::check_asyncified(&made).unwrap();
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), made).unwrap();
            let exports = [
                ("arrays", "thousand", "2"),
                ("turns", "turn_3", "4093"),
                ("levels", "level_3", "231"),
            ];
            for (export, function, result) in exports {
                let bound = of(function).as_ref().unwrap();
                let mut node = Command::new(setup::node().unwrap());
                node.arg(sources().join("smallest.mjs")).arg(file.path());
                let printed = succeed(node.arg(export).arg(bound.size.to_string()));
                let (printed, smallest) = printed.split_once(' ').unwrap();
                assert_eq!(printed, result, "{export} on {bound:?}");
                let smallest: u64 = smallest.parse().unwrap();
                println!(
                    "{} {resumption:?} {export}: {} is enough, {smallest} too",
                    profile.name, bound.size
                );
                // What is written is less than what might be, saved frames are counted twice, and what must be free is
                // that of a debug build.
                assert!(bound.size <= 2 * smallest + 640, "{smallest} would do: {bound:?}");
            }
            let Err(Unbounded::Recursion { cycle, .. }) = of("descend") else {
                panic!("{found:?}")
            };
            assert_eq!(cycle.len(), 2);
        }
    }
}
