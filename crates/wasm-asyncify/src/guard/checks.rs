//! Which checks run in the program, and where.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::Instruction::I32Const;
use wasm_encoder::{Instruction, ValType};

use super::Guards;
use super::code::{CheckGlobals, Writer};
use super::info::GuardInfo;
use super::stack::StackChecks;
use super::twins;
use crate::abi;
use crate::analysis::{WatchedCalls, readable};
use crate::error::{Error, Result};
use crate::initialisers::Rewrites;
use crate::module::{DataIndex, FunctionIndex, FunctionMap};
use crate::remedy::Remedy;

/// The calls that must not suspend for a reason of their own (`watched`), and the functions that the checks after
/// them call.
pub(super) struct Watched {
    pub(super) assumed: BTreeMap<FunctionIndex, WatchedCalls>,
    pub(super) ruled_out: BTreeMap<FunctionIndex, BTreeSet<u32>>,
    /// The functions in which nothing is changed.
    pub(super) untouched: BTreeSet<FunctionIndex>,
    /// The function that reports that an assumption was wrong.
    pub(super) suspended: FunctionIndex,
}

/// All checks of a module.
pub(super) struct Checks {
    pub(super) globals: CheckGlobals,
    /// The function whose body is replaced: it sets the function that the checks call.
    pub(super) set_reporter: FunctionIndex,
    /// The function that reports what a check found.
    pub(super) report: FunctionIndex,
    pub(super) watched: Watched,
    pub(super) stack: Option<StackChecks>,
    /// By function index: the number that checks in the function report.
    numbers: FunctionMap<FunctionIndex>,
    /// A remark for the message, for each function that is not instrumented.
    remarks: BTreeMap<FunctionIndex, String>,
    /// The functions that no coroutine may reach.
    parks: BTreeSet<FunctionIndex>,
    /// The states that must not be alive when they are written.
    rewrites: Rewrites,
    switch: BTreeSet<FunctionIndex>,
    /// The functions that are not checked, the switch among them.
    exempt: BTreeSet<FunctionIndex>,
    start_unwind: BTreeSet<FunctionIndex>,
    stop_unwind: BTreeSet<FunctionIndex>,
    /// The texts of messages, in a debug build. None without bulk memory, whose `memory.init` reads them.
    pub(super) texts: Option<Texts>,
}

/// The texts of messages, which get a data segment of their own.
#[derive(Debug)]
pub(super) struct Texts {
    /// The segment's index.
    pub(super) segment: DataIndex,
    pub(super) bytes: Vec<u8>,
}

/// The code to insert into one function.
#[derive(Default)]
pub(super) struct FunctionChecks {
    /// Pushes what identifies the function: its number, and perhaps its name.
    pub(super) who: Vec<Instruction<'static>>,
    /// At the function's beginning.
    pub(super) at_start: Vec<Instruction<'static>>,
    /// After each call that is not in `watched`.
    pub(super) after_call: Vec<Instruction<'static>>,
    /// After calls that must not suspend for a reason of their own.
    pub(super) watched: BTreeMap<Callee, Vec<Instruction<'static>>>,
    /// Before instructions, by their numbers.
    pub(super) before: BTreeMap<usize, Vec<Instruction<'static>>>,
}

/// The callee of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Callee {
    Function(FunctionIndex),
    /// An indirect call, by its number among the function's indirect calls.
    Indirect(u32),
}

impl Checks {
    /// The checks with these globals, which call the functions with these indices.
    pub(super) fn new(
        info: &GuardInfo<'_>,
        guards: &Guards<'_>,
        globals: CheckGlobals,
        writer: &Writer,
        [report, passed, suspended]: [FunctionIndex; 3],
    ) -> Result<Self> {
        let set_reporter = info.function(abi::SET_REPORTER).ok_or_else(|| {
            let reason = "its `bysyncify` is too old: it knows of no checks";
            Error::of_module(reason, Remedy::UpdateOrNoChecks)
        })?;
        let switch = info.switch();
        let mut untouched = info.interpreted(guards.panics)?;
        untouched.extend(&switch);
        let mut exempt = untouched.clone();
        // `psm` and `stacker` switch stacks: where they set the stack pointer is no overflow.
        exempt.extend(info.functions(|name| name.starts_with("rust_psm_")));
        let numbers: FunctionMap<FunctionIndex> = match guards.checks {
            true => info.module.signatures.indices().collect(),
            false => twins::first_alike(info)?,
        };
        let stack = guards
            .on_stack
            .map(|on_stack| StackChecks::new(info, on_stack, &exempt, &numbers, writer, passed));
        let texts = Texts { segment: DataIndex(info.module.data.len() as u32), bytes: Vec::new() };
        Ok(Self {
            globals,
            set_reporter,
            report,
            watched: Watched {
                assumed: guards.assumed.cloned().unwrap_or_default(),
                ruled_out: guards.ruled_out.cloned().unwrap_or_default(),
                untouched,
                suspended,
            },
            stack: stack.transpose()?,
            numbers,
            remarks: guards.uninstrumented.iter().cloned().collect(),
            parks: guards.parks.iter().copied().collect(),
            rewrites: guards.rewrites.cloned().unwrap_or_default(),
            switch,
            exempt,
            start_unwind: info.asyncify("start_unwind"),
            stop_unwind: info.asyncify("stop_unwind"),
            texts: (guards.checks && info.has_bulk_memory).then_some(texts),
        })
    }

    /// The parameters of the functions that checks call: an address, and the function that calls.
    pub(super) fn report_type(&self, writer: &Writer) -> Vec<ValType> {
        let texts = self.texts.iter().flat_map(|_| [ValType::I32, ValType::I32]);
        [writer.address(), ValType::I32].into_iter().chain(texts).collect()
    }

    /// The parameters of the added types: `report_type`, and the same without the address.
    pub(super) fn types(&self, writer: &Writer) -> Vec<Vec<ValType>> {
        let report = self.report_type(writer);
        let who = self.stack.iter().map(|_| report[1..].to_vec()).collect::<Vec<_>>();
        [report].into_iter().chain(who).collect()
    }

    /// The code to insert into a function.
    pub(super) fn of(
        &mut self,
        function: FunctionIndex,
        info: &GuardInfo<'_>,
        writer: &Writer,
    ) -> FunctionChecks {
        let remark = self.remarks.get(&function);
        let has_stack_check = self.stack.as_ref().is_some_and(|stack| stack.is_checked(function));
        let is_park = self.parks.contains(&function);
        let rewrites = self.rewrites.get(&function);
        let has_checks = remark.is_some() || has_stack_check || is_park || rewrites.is_some();
        if self.exempt.contains(&function) || !has_checks {
            let watched = self.watched(function, info, writer);
            return FunctionChecks { watched, ..FunctionChecks::default() };
        }
        let number = self.number(function);
        let (mut who, mut who_remarked) = (vec![number.clone()], vec![number]);
        if let Some(texts) = &mut self.texts {
            let name = format!("`{}`", readable(&info.module.shown(function)));
            let remark = remark.map_or("", String::as_str);
            let (start, name, text) = texts.add(&name, remark);
            who.extend([I32Const(start), I32Const(name)]);
            who_remarked.extend([I32Const(start), I32Const(text)]);
        }
        let unwinding = self.globals.unwinding.filter(|_| remark.is_some());
        let after_call = unwinding.map_or_else(Vec::new, |unwinding| {
            writer.assert_not_unwinding(unwinding, &who_remarked, self.report)
        });
        let at_start = match is_park {
            true => writer.assert_not_in_coroutine(&who, self.report),
            false => Vec::new(),
        };
        let rewrites = self.rewrites.get(&function).into_iter().flatten();
        let before = rewrites.map(|(number, places)| {
            let checks = places.iter().map(|place| writer.assert_dead(*place, &who, self.report));
            (*number, checks.flatten().collect())
        });
        let mut before: BTreeMap<usize, Vec<_>> = before.collect();
        let later = self.stack.iter().flat_map(|stack| stack.later(function, writer, &who));
        for (number, look) in later {
            before.entry(number).or_default().extend(look);
        }
        let watched = self.watched(function, info, writer);
        FunctionChecks { who, at_start, after_call, watched, before }
    }

    /// Pushes the number of the function, or of an identical one.
    pub(super) fn number(&self, function: FunctionIndex) -> Instruction<'static> {
        let number = self.numbers.get(function).copied().unwrap_or(function);
        I32Const(number.0.cast_signed())
    }

    /// The code to insert before a call: the switch records what it tells Asyncify.
    pub(super) fn before_call(
        &self,
        function: FunctionIndex,
        callee: FunctionIndex,
    ) -> Vec<Instruction<'static>> {
        let Some(unwinding) = self.globals.unwinding else { return Vec::new() };
        let is = match callee {
            _ if !self.switch.contains(&function) => return Vec::new(),
            start if self.start_unwind.contains(&start) => 1,
            stop if self.stop_unwind.contains(&stop) => 0,
            _ => return Vec::new(),
        };
        vec![I32Const(is), unwinding.set()]
    }
}

impl Texts {
    /// Adds a function's name, and a remark that follows it. Returns their offset, the length of the name, and the
    /// length of both.
    pub(super) fn add(&mut self, name: &str, remark: &str) -> (i32, i32, i32) {
        let start = self.bytes.len();
        self.bytes.extend(name.bytes().chain(remark.bytes()));
        (start as i32, name.len() as i32, (name.len() + remark.len()) as i32)
    }
}
