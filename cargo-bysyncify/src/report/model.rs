//! What is reported: each function's bytes in the module and in the same without Asyncify.

use std::collections::BTreeMap;

use anyhow::Result;

use super::sizes::Sizes;
use crate::analysis::{Analysis, FunctionIndex, Program, Step, crate_of, readable};
use crate::naming;

/// Where functions are that no path says the crate of: those in C, and exported ones.
const NO_CRATE: &str = "(no crate)";
/// Functions that the linked module does not have.
const ADDED: &str = "(added)";

/// Bytes without Asyncify, and with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    pub(crate) before: u64,
    pub(crate) after: u64,
}

impl Bytes {
    pub(crate) fn cost(self) -> i64 {
        self.after.cast_signed() - self.before.cast_signed()
    }

    fn add(&mut self, other: Self) {
        self.before += other.before;
        self.after += other.after;
    }
}

/// One function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) krate: String,
    /// Nothing where it was inlined into all its callers.
    pub(crate) bytes: Bytes,
    pub(crate) is_instrumented: bool,
}

/// The functions of one crate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// How many there are in the module.
    pub(crate) functions: usize,
    /// How many of these are instrumented.
    pub(crate) instrumented: usize,
    pub(crate) bytes: Bytes,
}

/// All there is to report of one module.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) program: &'a Program,
    pub(crate) analysis: &'a Analysis,
    /// Those of the linked module by index, and then those that are added to it.
    pub(crate) functions: Vec<Function>,
    /// What is not in a function.
    pub(crate) rest: Bytes,
}

impl<'a> Report<'a> {
    /// Compares what was made of a program without Asyncify and with it.
    pub(crate) fn of(
        program: &'a Program,
        analysis: &'a Analysis,
        plain: &[u8],
        asyncified: &[u8],
    ) -> Result<Self> {
        let mut functions: Vec<Function> = program
            .functions
            .iter()
            .zip(0..)
            .map(|(_, index)| {
                Function::new(program.readable(index), analysis.is_instrumented(index))
            })
            .collect();
        let mut by_symbol = by_symbol(program, analysis);
        let (before, after) = (Sizes::of(plain)?, Sizes::of(asyncified)?);
        let rest = Bytes { before: before.rest, after: after.rest };
        let both = before
            .functions
            .into_iter()
            .map(|(symbol, before)| (symbol, Bytes { before, after: 0 }))
            .chain(
                after
                    .functions
                    .into_iter()
                    .map(|(symbol, after)| (symbol, Bytes { before: 0, after })),
            );
        for (symbol, bytes) in both {
            let index = *by_symbol.entry(symbol).or_insert_with_key(|symbol| {
                let krate = ADDED.to_owned();
                functions.push(Function { krate, ..Function::new(readable(symbol), false) });
                functions.len() - 1
            });
            functions[index].bytes.add(bytes);
        }
        Ok(Self { program, analysis, functions, rest })
    }

    /// The functions that there are with Asyncify or without, with their indices.
    pub(crate) fn present(&self) -> impl Iterator<Item = (usize, &Function)> {
        self.functions.iter().enumerate().filter(|(_, it)| it.bytes != Bytes::default())
    }

    /// The crates that have such functions, by name.
    pub(crate) fn crates(&self) -> Vec<Crate> {
        let mut crates: BTreeMap<&str, Crate> = BTreeMap::new();
        for (_, function) in self.present() {
            let name = &function.krate;
            let krate = crates
                .entry(name)
                .or_insert_with(|| Crate { name: name.clone(), ..Crate::default() });
            krate.bytes.add(function.bytes);
            if function.bytes.after > 0 {
                krate.functions += 1;
                krate.instrumented += usize::from(function.is_instrumented);
            }
        }
        crates.into_values().collect()
    }

    /// The whole module.
    pub(crate) fn total(&self) -> Bytes {
        let mut total = self.rest;
        for function in &self.functions {
            total.add(function.bytes);
        }
        total
    }

    /// How a function of the linked module gets to where it suspends, if it is instrumented.
    pub(crate) fn next_step(&self, index: usize) -> Option<Step> {
        if !self.functions[index].is_instrumented {
            return None;
        }
        self.analysis.to_suspend(index as FunctionIndex).get(1).copied()
    }

    /// In short, why a function costs what it costs.
    pub(crate) fn reason(&self, index: usize) -> String {
        let function = &self.functions[index];
        match self.next_step(index) {
            Some(step) => self.program.call(step),
            None if function.krate == ADDED => "not in the linked module".to_owned(),
            None if function.bytes.after == 0 => "inlined, or merged with another".to_owned(),
            None if function.bytes.before == 0 => {
                "not instrumented; without Asyncify it is inlined, or merged with another".to_owned()
            }
            None => "not instrumented; it differs in what is inlined into it".to_owned(),
        }
    }
}

impl Function {
    fn new(name: String, is_instrumented: bool) -> Self {
        let krate = match crate_of(&name) {
            "" => NO_CRATE,
            krate => krate,
        };
        Self { krate: krate.to_owned(), name, bytes: Bytes::default(), is_instrumented }
    }
}

/// Whose a name in the finished modules is. Of functions of one name it is one that is
/// instrumented, if there is one.
fn by_symbol(program: &Program, analysis: &Analysis) -> std::collections::HashMap<String, usize> {
    let mut by_symbol = std::collections::HashMap::new();
    for (function, index) in program.functions.iter().zip(0..) {
        if function.import.is_some() {
            continue;
        }
        let symbol = function.name.clone().unwrap_or_else(|| naming::number(index));
        let known = by_symbol.entry(symbol).or_insert(index);
        if analysis.is_instrumented(index) && !analysis.is_instrumented(*known) {
            *known = index;
        }
    }
    by_symbol.into_iter().map(|(symbol, index)| (symbol, index as usize)).collect()
}
