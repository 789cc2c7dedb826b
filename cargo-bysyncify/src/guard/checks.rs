//! What is checked in a debug build, and where.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use wasm_encoder::Instruction;
use wasm_encoder::Instruction::{Call, GlobalSet, I32Const};

use super::Guards;
use super::code::{CheckGlobals, Writer};
use super::facts::Facts;
use crate::analysis::readable;

/// What the library calls to say that it can be called: only if it was compiled with debug
/// assertions.
pub(super) const SET_REPORTER: &str = "bysyncify_set_reporter";

/// The functions of the switch.
const SWITCH: [&str; 7] = [
    "bysyncify_resume",
    "bysyncify_suspend",
    "bysyncify_current",
    "bysyncify_outside",
    "bysyncify_intact",
    "bysyncify_why_outside",
    SET_REPORTER,
];

/// All checks of a module.
pub(super) struct Checks {
    pub(super) globals: CheckGlobals,
    /// The function whose body is to say whom the checks call.
    pub(super) set_reporter: u32,
    /// The functions that the checks call.
    pub(super) report: u32,
    pub(super) set_stack_pointer: u32,
    /// What there is to say of each function that is not instrumented.
    remarks: BTreeMap<u32, String>,
    switch: BTreeSet<u32>,
    /// The functions that are not checked, the switch among them.
    exempt: BTreeSet<u32>,
    start_unwind: BTreeSet<u32>,
    stop_unwind: BTreeSet<u32>,
    /// None without the instruction that they are read with. Then the messages name no function.
    pub(super) texts: Option<Texts>,
}

/// The texts of messages, for a data segment of their own.
#[derive(Debug)]
pub(super) struct Texts {
    /// The segment's index.
    pub(super) segment: u32,
    pub(super) bytes: Vec<u8>,
}

/// What is to be put into one function.
#[derive(Default)]
pub(super) struct FunctionChecks {
    /// In place of the `global.set` of the stack pointer; nothing if that stays.
    pub(super) set_stack_pointer: Vec<Instruction<'static>>,
    /// After each call.
    pub(super) after_call: Vec<Instruction<'static>>,
}

impl Checks {
    /// Checks with these globals, which call functions of these indexes.
    pub(super) fn new(
        facts: &Facts<'_>,
        guards: &Guards<'_>,
        globals: CheckGlobals,
        [report, set_stack_pointer]: [u32; 2],
    ) -> Result<Self> {
        let Some(set_reporter) = facts.function(SET_REPORTER) else {
            bail!(
                "to check itself while it runs the program needs a `bysyncify` with debug \
                 assertions: set `debug-assertions = true` in the profile, or under \
                 `[profile.release.package.bysyncify]`"
            );
        };
        let switch: BTreeSet<u32> = SWITCH.iter().filter_map(|name| facts.function(name)).collect();
        let mut exempt = facts.interpreted(guards.panics)?;
        exempt.extend(&switch);
        // `psm` and `stacker` switch stacks: what they set the stack pointer to is no overflow.
        exempt.extend(facts.functions(|name| name.starts_with("rust_psm_")));
        let texts = Texts { segment: facts.data_segments, bytes: Vec::new() };
        Ok(Self {
            globals,
            set_reporter,
            report,
            set_stack_pointer,
            remarks: guards.uninstrumented.iter().cloned().collect(),
            switch,
            exempt,
            start_unwind: facts.asyncify("start_unwind"),
            stop_unwind: facts.asyncify("stop_unwind"),
            texts: facts.has_bulk_memory.then_some(texts),
        })
    }

    /// What is to be put into a function.
    pub(super) fn of(
        &mut self,
        function: u32,
        facts: &Facts<'_>,
        writer: &Writer,
    ) -> FunctionChecks {
        if self.exempt.contains(&function) {
            return FunctionChecks::default();
        }
        let name = format!("`{}`", readable(&facts.shown(function)));
        let remark = self.remarks.get(&function);
        let (start, name, text) = match &mut self.texts {
            Some(texts) => texts.add(&name, remark.map_or("", String::as_str)),
            None => (0, 0, 0),
        };
        let set_stack_pointer =
            [I32Const(start), I32Const(name), Call(self.set_stack_pointer)].into();
        let after_call = remark.map_or_else(Vec::new, |_| {
            writer.assert_not_unwinding(self.globals, (start, text), self.report).into()
        });
        FunctionChecks { set_stack_pointer, after_call }
    }

    /// What is to be put before a call: the switch takes note of what it tells Asyncify.
    pub(super) fn before_call(&self, function: u32, callee: u32) -> Vec<Instruction<'static>> {
        let unwinding = match callee {
            _ if !self.switch.contains(&function) => return Vec::new(),
            start if self.start_unwind.contains(&start) => 1,
            stop if self.stop_unwind.contains(&stop) => 0,
            _ => return Vec::new(),
        };
        vec![I32Const(unwinding), GlobalSet(self.globals.unwinding)]
    }
}

impl Texts {
    /// Adds a function's name, and a remark that follows it. Returns where they are, and how long
    /// the name is by itself, and with the remark.
    fn add(&mut self, name: &str, remark: &str) -> (i32, i32, i32) {
        let start = self.bytes.len();
        self.bytes.extend(name.bytes().chain(remark.bytes()));
        (start as i32, name.len() as i32, (name.len() + remark.len()) as i32)
    }
}
