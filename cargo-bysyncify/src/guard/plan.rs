//! Decides what to add to a module.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use wasm_encoder::Function;

use super::Guards;
use super::checks::{SET_REPORTER, Texts, exempt};
use super::code::{CheckGlobals, Globals, Writer};
use super::facts::Facts;

/// What is added, and where it is used.
pub(super) struct Plan {
    pub(super) writer: Writer,
    /// The names of the globals, all of them addresses, which come after those that there are.
    pub(super) globals: Vec<&'static str>,
    /// The functions, which come after those that there are.
    pub(super) functions: Vec<Added>,
    /// What is called in place of a function.
    pub(super) instead: BTreeMap<u32, u32>,
    pub(super) checks: Option<Checks>,
}

/// A function to be added.
pub(super) struct Added {
    pub(super) name: String,
    pub(super) ty: u32,
    pub(super) body: Function,
}

/// What the checks of a debug build need.
pub(super) struct Checks {
    pub(super) globals: CheckGlobals,
    /// The function that sets the stack pointer.
    pub(super) set_stack_pointer: u32,
    /// The function whose body is to say whom they call.
    pub(super) set_reporter: u32,
    /// The functions that are not checked.
    pub(super) exempt: BTreeSet<u32>,
    /// None without the instruction that they are read with. Then the messages name no function.
    pub(super) texts: Option<Texts>,
}

impl Plan {
    /// `None` if there is nothing to guard.
    pub(super) fn new(facts: &Facts<'_>, guards: &Guards<'_>) -> Result<Option<Self>> {
        let Some(resume) = facts.function("bysyncify_resume") else { return Ok(None) };
        let outside = facts.function("bysyncify_outside");
        let mut globals = vec!["bysyncify guard: host stack"];
        let host_stack = facts.globals;
        let checks = guards.checks.then(|| {
            globals.extend([
                "bysyncify guard: stack limit",
                "bysyncify guard: reporter",
                "bysyncify guard: core size",
            ]);
            CheckGlobals {
                limit: host_stack + 1,
                reporter: host_stack + 2,
                core_size: host_stack + 3,
            }
        });
        let writer = Writer {
            memory64: facts.memory64,
            globals: Globals {
                stack_pointer: facts.global("__stack_pointer")?,
                current_core: facts.global("bysyncify_current_core")?,
                host_stack,
                checks,
            },
        };
        let mut plan =
            Self { writer, globals, functions: Vec::new(), instead: BTreeMap::new(), checks: None };
        plan.replace(facts, resume, |callee, _| writer.resume(callee))?;
        if let Some(outside) = outside {
            plan.replace(facts, outside, |callee, _| writer.outside(callee))?;
        }
        for (index, import) in (0..).zip(&facts.imports) {
            if import.is_host() {
                plan.replace(facts, index, |callee, count| writer.host(callee, count))?;
            }
        }
        for index in facts.future_imports()? {
            plan.replace(facts, index, |callee, count| writer.future_host(callee, count))?;
        }
        if let Some(globals) = checks {
            let outside = outside.context("it has no `bysyncify_outside`")?;
            plan.add_checks(facts, guards, globals, outside)?;
        }
        Ok(Some(plan))
    }

    /// Adds a function that is called in place of `callee`. `write` gets that, and how many
    /// parameters it has.
    fn replace(
        &mut self,
        facts: &Facts<'_>,
        callee: u32,
        write: impl Fn(u32, u32) -> Function,
    ) -> Result<()> {
        let (ty, parameters) = facts.signature(callee)?;
        let name = format!("bysyncify guard: {}", facts.shown(callee));
        let index = self.add(facts, name, ty, write(callee, parameters))?;
        self.instead.insert(callee, index);
        Ok(())
    }

    /// Adds a function, and returns its index.
    fn add(&mut self, facts: &Facts<'_>, name: String, ty: u32, body: Function) -> Result<u32> {
        let index = facts.signatures.len() + self.functions.len();
        self.functions.push(Added { name, ty, body });
        Ok(index.try_into()?)
    }

    fn add_checks(
        &mut self,
        facts: &Facts<'_>,
        guards: &Guards<'_>,
        globals: CheckGlobals,
        outside: u32,
    ) -> Result<()> {
        let Some(set_reporter) = facts.function(SET_REPORTER) else {
            bail!(
                "to check itself while it runs the program needs a `bysyncify` with debug \
                 assertions: set `debug-assertions = true` in the profile, or under \
                 `[profile.release.package.bysyncify]`"
            );
        };
        let texts = facts
            .has_bulk_memory
            .then(|| Texts { segment: facts.data_segments, bytes: Vec::new() });
        // `rewrite` adds the type of both.
        let ty = facts.parameters.len().try_into()?;
        let name = |what| format!("bysyncify guard: {what}");
        let body = self.writer.report(globals, outside, texts.as_ref().map(|texts| texts.segment));
        let report = self.add(facts, name("report"), ty, body)?;
        let body = self.writer.set_stack_pointer(globals, report);
        let set_stack_pointer = self.add(facts, name("set stack pointer"), ty, body)?;
        let exempt = exempt(facts, guards.panics)?;
        self.checks = Some(Checks { globals, set_stack_pointer, set_reporter, exempt, texts });
        Ok(())
    }
}
