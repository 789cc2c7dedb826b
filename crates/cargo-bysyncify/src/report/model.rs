//! The data of a report: each function's bytes in the module, and in the same module without Asyncify.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use wasm_asyncify::analysis::{Analysis, Program, Step, crate_of, readable};
use wasm_asyncify::module::{FunctionIndex, FunctionMap};

use super::material::Finished;
use super::numbers::{grouped, percent, signed};
use super::precision::Assumption;
use super::sizes::Sizes;
use crate::manifest::Manifest;
use crate::naming;

/// The crate of functions whose names have no path: functions in C, and exported ones.
const NO_CRATE: &str = "(no crate)";
/// Functions that the linked module does not have: Asyncify's, and our guards.
const ADDED: &str = "(added)";

/// Bytes without Asyncify, and with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) without: u64,
    pub(super) with: u64,
}

impl Bytes {
    pub(super) fn cost(self) -> i64 {
        self.with.cast_signed() - self.without.cast_signed()
    }

    fn add(&mut self, other: Self) {
        self.without += other.without;
        self.with += other.with;
    }
}

/// One function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) symbol: String,
    pub(super) krate: String,
    /// Zero in a module where it was inlined into all its callers.
    pub(super) bytes: Bytes,
    pub(super) is_instrumented: bool,
}

/// The functions of one crate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Crate {
    pub(super) name: String,
    /// The number of functions in the module.
    pub(super) functions: usize,
    /// The number of these that are instrumented.
    pub(super) instrumented: usize,
    pub(super) bytes: Bytes,
}

/// The report on one module.
#[derive(Debug)]
pub(super) struct Report<'a> {
    /// The module's file name.
    pub(super) module: String,
    pub(super) manifest: Manifest,
    pub(super) program: &'a Program,
    pub(super) analysis: &'a Analysis,
    pub(super) assumption: Assumption,
    /// The functions of the linked module by index, and then those that were added.
    pub(super) functions: FunctionMap<Function>,
    /// The bytes that are not in a function.
    pub(super) rest: Bytes,
}

impl<'a> Report<'a> {
    /// Compares the modules that were made from a program without Asyncify and with it.
    pub(super) fn new(
        module: String,
        program: &'a Program,
        analysis: &'a Analysis,
        finished: Finished,
    ) -> Result<Self> {
        let (without, with) = (Sizes::read(&finished.plain)?, Sizes::read(&finished.asyncified)?);
        let mut functions: FunctionMap<_> = (program.functions.indices())
            .map(|index| Function::new(symbol(program, index), analysis.is_instrumented(index)))
            .collect();
        let mut by_symbol = by_symbol(program, analysis);
        let mut add = |symbol: String, bytes: Bytes| {
            let index = *by_symbol.entry(symbol).or_insert_with_key(|symbol| {
                let krate = ADDED.to_owned();
                let index = functions.end();
                functions.push(Function { krate, ..Function::new(symbol.clone(), false) });
                index
            });
            functions[index].bytes.add(bytes);
        };
        for (symbol, without) in without.functions {
            add(symbol, Bytes { without, with: 0 });
        }
        for (symbol, with) in with.functions {
            add(symbol, Bytes { without: 0, with });
        }
        let rest = Bytes { without: without.rest, with: with.rest };
        let (manifest, assumption) = (finished.manifest, Assumption::new(program, analysis));
        Ok(Self { module, manifest, program, analysis, assumption, functions, rest })
    }

    /// The most important figures, in words.
    pub(super) fn summary(&self) -> Vec<String> {
        let total = self.total();
        let Manifest { wasm_opt, recipe } = &self.manifest;
        let optimised = match wasm_opt {
            Some((_, version)) => {
                format!(", both optimised by wasm-opt {version} {}", recipe.opt_level.flag())
            }
            None => String::new(),
        };
        let mut lines = vec![
            format!(
                "{}: {} bytes, {} ({}) for being pausable.",
                self.module,
                grouped(total.with),
                signed(total.cost()),
                percent(total.cost(), total.without)
            ),
            format!(
                "{} of the {} functions that were linked are instrumented.",
                grouped(self.analysis.instrumented().count() as u64),
                grouped(self.linked() as u64),
            ),
            format!("Compared: the linked module as it is, and instrumented{optimised}."),
            "Not counted: names and debug information.".to_owned(),
        ];
        if recipe.checks {
            lines.push(
                "Counted, too: that it checks itself while it runs, as debug builds do.".to_owned(),
            );
        }
        if !recipe.no_suspend.0.is_empty() {
            lines.push(format!("Assumed not to suspend: {}.", recipe.no_suspend.0.join(", ")));
        }
        let cost = |index: FunctionIndex| self.functions[index].bytes.cost();
        lines.extend(self.assumption.lines(self.program, cost));
        lines
    }

    /// The number of functions in the linked module, without imports.
    pub(super) fn linked(&self) -> usize {
        self.program.functions.values().filter(|function| function.import.is_none()).count()
    }

    /// The functions that exist with Asyncify or without, with their indices.
    pub(super) fn present(&self) -> impl Iterator<Item = (FunctionIndex, &Function)> {
        self.functions.iter().filter(|(_, it)| it.bytes != Bytes::default())
    }

    /// The crates of these functions, by name.
    pub(super) fn crates(&self) -> Vec<Crate> {
        let mut crates: BTreeMap<&str, Crate> = BTreeMap::new();
        for (_, function) in self.present() {
            let name = &function.krate;
            let krate = crates
                .entry(name)
                .or_insert_with(|| Crate { name: name.clone(), ..Crate::default() });
            krate.bytes.add(function.bytes);
            if function.bytes.with > 0 {
                krate.functions += 1;
                krate.instrumented += usize::from(function.is_instrumented);
            }
        }
        crates.into_values().collect()
    }

    /// All crates, as if they were one.
    pub(super) fn all(&self) -> Crate {
        let mut all = Crate::default();
        for krate in self.crates() {
            all.functions += krate.functions;
            all.instrumented += krate.instrumented;
            all.bytes.add(krate.bytes);
        }
        all
    }

    /// The whole module.
    pub(super) fn total(&self) -> Bytes {
        let mut total = self.all().bytes;
        total.add(self.rest);
        total
    }

    /// The call by which an instrumented function reaches its suspend.
    pub(super) fn next(&self, index: FunctionIndex) -> Option<Step> {
        let index = self.instrumented(index)?;
        self.analysis.way_to_suspend(index).get(1).copied()
    }

    /// The call by which a coroutine reaches an instrumented function.
    pub(super) fn previous(&self, index: FunctionIndex) -> Option<Step> {
        let index = self.instrumented(index)?;
        self.analysis.way_from_resume(index).get(1).copied()
    }

    fn instrumented(&self, index: FunctionIndex) -> Option<FunctionIndex> {
        self.functions[index].is_instrumented.then_some(index)
    }

    /// The reason for a function's cost, in short.
    pub(super) fn reason(&self, index: FunctionIndex) -> String {
        let Function { krate, bytes, .. } = &self.functions[index];
        let instrumented = self.instrumented(index);
        if let Some(call) = instrumented.and_then(|it| self.analysis.next_call(self.program, it)) {
            return call;
        }
        let reason = match *bytes {
            _ if krate == ADDED => "is not in the linked module",
            Bytes { without: 0, .. } => "is not instrumented; inlined or merged without Asyncify",
            Bytes { with: 0, .. } => "is not instrumented; inlined or merged with Asyncify",
            _ => "is not instrumented; other functions inlined, guards, or larger indices",
        };
        reason.to_owned()
    }
}

impl Function {
    fn new(symbol: String, is_instrumented: bool) -> Self {
        let name = readable(&symbol);
        let krate = match crate_of(&name) {
            "" => NO_CRATE,
            krate => krate,
        };
        let (krate, bytes) = (krate.to_owned(), Bytes::default());
        Self { name, symbol, krate, bytes, is_instrumented }
    }
}

/// The function's name in the finished modules.
fn symbol(program: &Program, index: FunctionIndex) -> String {
    let function = &program.functions[index];
    match (&function.name, &function.import) {
        (None, None) => naming::number(index),
        _ => program.symbol(index),
    }
}

/// Maps names in the finished modules to functions. If several functions have the same name, to an instrumented one, if
/// there is one.
fn by_symbol(program: &Program, analysis: &Analysis) -> HashMap<String, FunctionIndex> {
    let mut by_symbol = HashMap::new();
    for index in program.functions.indices() {
        if program.functions[index].import.is_some() {
            continue;
        }
        let known = by_symbol.entry(symbol(program, index)).or_insert(index);
        if analysis.is_instrumented(index) && !analysis.is_instrumented(*known) {
            *known = index;
        }
    }
    by_symbol
}
