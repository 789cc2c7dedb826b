//! Counts instructions, approximately: the result is the same on every machine, however busy.
//!
//! wasmi charges fuel. In version 2.0, with its default costs: one unit for each WebAssembly instruction, nothing for
//! `nop`, `drop`, `block`, `loop`, `else`, `end`, `return` and `unreachable`. When a block is entered it charges the
//! whole block, and one unit more. So instructions after a taken branch in a block are counted although they are not
//! executed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasmi::{Config, Engine, Instance, Linker, Module, Store};

use super::modules::Function;

/// More than any measurement uses: the difference is what matters.
const FULL: u64 = u64::MAX / 2;

/// Approximately the largest number of functions on the stack in a measurement.
const DEEPEST: usize = 10_000;

/// The repetitions of a short run, and of a long one. The fixed costs of both cancel out.
const FEW: u32 = 100;
const MANY: u32 = 1100;

/// The fuel of one repetition.
pub(super) fn per_repetition(function: Function<'_>) -> Result<f64> {
    let (mut store, instance) = instantiate(function.module)?;
    let measured = instance.get_typed_func::<(u32, u32), ()>(&store, function.export)?;
    let mut spend = |count| {
        store.set_fuel(FULL)?;
        measured.call(&mut store, (function.depth, count))?;
        Ok::<_, wasmi::Error>(FULL - store.get_fuel()?)
    };
    // The first run translates the functions and fills the allocator, which costs fuel as well.
    spend(FEW)?;
    let (few, many) = (spend(FEW)?, spend(MANY)?);
    Ok(many.saturating_sub(few) as f64 / f64::from(MANY - FEW))
}

/// The result of an export without parameters.
pub(super) fn call(module: &Path, export: &str) -> Result<u32> {
    let (mut store, instance) = instantiate(module)?;
    Ok(instance.get_typed_func::<(), u32>(&store, export)?.call(&mut store, ())?)
}

fn instantiate(path: &Path) -> Result<(Store<()>, Instance)> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let mut config = Config::default();
    // When a stack is resumed all at once, calls are nested as deep as before.
    config
        .consume_fuel(true)
        .set_max_recursion_depth(2 * DEEPEST)
        .set_max_stack_height(512 * DEEPEST);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, &bytes)
        .with_context(|| format!("wasmi cannot compile `{}`", path.display()))?;
    let mut store = Store::new(&engine, ());
    store.set_fuel(FULL)?;
    let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
    Ok((store, instance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repetition_is_counted_without_what_is_done_once() {
        let text = r#"(module (func (export "f") (param i32 i32)
            (i32.add (i32.const 1) (i32.const 2)) (drop)
            (loop $again
                (local.set 0 (local.get 1))
                (br_if $again (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))))"#;
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), wat::parse_str(text).expect("valid text")).expect("what is written");
        let function = Function { module: file.path(), export: "f", depth: 0 };
        let count = per_repetition(function).expect("a count");
        // Seven instructions, and one unit for the block.
        assert_eq!(count, 8.0);
    }
}
