//! Binaryen, told what it is told by the linker; or a little less.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use cargo_bysyncify::{Engine, Options, WasmOpt};

/// An engine that also counts the functions it is told to instrument.
pub(super) struct Counting<'a> {
    pub(super) wasm_opt: &'a WasmOpt,
    pub(super) instrumented: AtomicUsize,
}

impl Engine for Counting<'_> {
    fn asyncify(&self, input: &Path, output: &Path, options: &Options) -> Result<()> {
        let count = options.only.as_ref().map_or(0, Vec::len);
        self.instrumented.fetch_add(count, Ordering::Relaxed);
        self.wasm_opt.asyncify(input, output, options)
    }

    fn optimise(&self, input: &Path, output: &Path, options: &Options) -> Result<()> {
        self.wasm_opt.optimise(input, output, options)
    }
}

/// An engine that forgets one of the functions it is told to instrument.
pub(super) struct Forgetful<'a> {
    pub(super) wasm_opt: &'a WasmOpt,
    /// Any number: it says which.
    pub(super) which: usize,
}

impl Engine for Forgetful<'_> {
    fn asyncify(&self, input: &Path, output: &Path, options: &Options) -> Result<()> {
        let mut options = options.clone();
        if let Some(names) = &mut options.only
            && !names.is_empty()
        {
            names.remove(self.which % names.len());
        }
        self.wasm_opt.asyncify(input, output, &options)
    }

    fn optimise(&self, input: &Path, output: &Path, options: &Options) -> Result<()> {
        self.wasm_opt.optimise(input, output, options)
    }
}
