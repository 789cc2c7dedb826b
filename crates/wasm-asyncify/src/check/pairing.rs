//! Maps functions, globals and so on of the original to those of the instrumented module. Checks that all but
//! the code of instrumented functions is unchanged.

use std::collections::BTreeMap;

use wasmparser::{ExternalKind, Operator};

use super::module::{Module, data_place, element_parts};
use super::table::Place;
use super::wrong::Wrong;
use crate::analysis::SuspendPlan;
use crate::error::{Error, Failure, Result};

/// Two modules.
pub(super) struct Pairing<'a, 'm> {
    pub(super) original: &'m Module<'a>,
    pub(super) instrumented: &'m Module<'a>,
    /// By name in `asyncify`: the function that replaces the import, or several equivalent ones.
    pub(super) runtime: BTreeMap<&'static str, Vec<u32>>,
}

impl<'a, 'm> Pairing<'a, 'm> {
    pub(super) fn new(original: &'m Module<'a>, instrumented: &'m Module<'a>) -> Self {
        Self { original, instrumented, runtime: BTreeMap::new() }
    }

    /// The number of functions that were added. They precede all others that are not imported.
    pub(super) fn added(&self) -> usize {
        self.instrumented.bodies.len().saturating_sub(self.original.bodies.len())
    }

    /// The index of a function in the instrumented module. None if it is an import from `asyncify`.
    pub(super) fn now(&self, function: u32) -> Option<u32> {
        let is_runtime = |it: &u32| self.original.runtime_import(*it).is_some();
        if is_runtime(&function) {
            return None;
        }
        match function.checked_sub(self.original.imported()) {
            Some(own) => Some(self.instrumented.imported() + self.added() as u32 + own),
            None => Some(function - (0..function).filter(is_runtime).count() as u32),
        }
    }

    fn is_function(&self, before: u32, now: u32) -> bool {
        match self.original.runtime_import(before) {
            Some(name) => self.runtime.get(name).is_some_and(|those| those.contains(&now)),
            None => self.now(before) == Some(now),
        }
    }

    /// Whether an instruction is the same in both, apart from the depth of a branch.
    pub(super) fn is_same(&self, before: &Operator<'_>, now: &Operator<'_>) -> bool {
        match (before, now) {
            (Operator::Call { function_index: before }, Operator::Call { function_index: now })
            | (
                Operator::ReturnCall { function_index: before },
                Operator::ReturnCall { function_index: now },
            )
            | (
                Operator::RefFunc { function_index: before },
                Operator::RefFunc { function_index: now },
            ) => self.is_function(*before, *now),
            (before, now) => before == now,
        }
    }

    pub(super) fn are_same(&self, before: &[Operator<'_>], now: &[Operator<'_>]) -> bool {
        before.len() == now.len()
            && before.iter().zip(now).all(|(before, now)| self.is_same(before, now))
    }

    /// Whether a function's body is the same in both.
    pub(super) fn is_same_body(&self, body: usize) -> Result<bool> {
        let now = &self.instrumented.bodies[self.added() + body].1;
        let before = &self.original.bodies[body].1;
        let locals = |body: &wasmparser::FunctionBody<'_>| {
            let mut all: Vec<(u32, wasmparser::ValType)> = Vec::new();
            for group in body.get_locals_reader()? {
                let (count, ty) = group?;
                match all.last_mut() {
                    _ if count == 0 => {}
                    Some((before, last)) if *last == ty => *before += count,
                    _ => all.push((count, ty)),
                }
            }
            Ok::<_, Error>(all)
        };
        if locals(before)? != locals(now)? {
            return Ok(false);
        }
        let (mut before, mut now) = (before.get_operators_reader()?, now.get_operators_reader()?);
        while !before.eof() && !now.eof() {
            if !self.is_same(&before.read()?, &now.read()?) {
                return Ok(false);
            }
        }
        Ok(before.eof() && now.eof())
    }

    /// Checks all but the code. `globals` are those that were added, or that other modules own: the first is
    /// the state, the next holds the argument of the last `start_*`. `resumed` is the place of the functions
    /// that are resumed one by one.
    pub(super) fn check(
        &self,
        plan: &SuspendPlan,
        globals: &[u32],
        resumed: Option<Place>,
    ) -> Result<(), Failure<Wrong>> {
        let (before, now) = (self.original, self.instrumented);
        let check = |is_same: bool, what: &str| match is_same {
            true => Ok(()),
            false => Err(Wrong::new(format!("the {what} are not what they were"))),
        };
        for function in 0..before.imported() {
            if let Some(name) = before.runtime_import(function)
                && !self.runtime.contains_key(name)
            {
                let what = format!("no function does what `asyncify.{name}` is to do");
                return Err(Wrong::new(what).into());
            }
        }
        check(now.types.starts_with(&before.types), "types")?;
        let kept: Vec<_> = before
            .imports
            .iter()
            .filter(|import| {
                import.module != "asyncify" || !super::module::RUNTIME.contains(&import.name)
            })
            .collect();
        check(now.imports.iter().eq(kept), "imports")?;
        check(now.functions.ends_with(&before.functions), "types of functions")?;
        check(now.memories == before.memories, "memories")?;
        check(now.tags == before.tags, "tags")?;
        check(now.start.is_some() == before.start.is_some(), "start functions")?;
        if let (Some(before), Some(now)) = (before.start, now.start) {
            check(self.is_function(before, now), "start functions")?;
        }
        // `references` and `flat` check what the added tables are for.
        let own = usize::from(resumed.is_some_and(|table| !table.is_shared));
        check(now.tables.len() >= before.tables.len() + own, "tables")?;
        for (index, (before, now)) in before.tables.iter().zip(&now.tables).enumerate() {
            let init = |table: &wasmparser::Table<'a>| match &table.init {
                wasmparser::TableInit::RefNull => Ok(Vec::new()),
                wasmparser::TableInit::Expr(expression) => Module::operators(expression),
            };
            let expected = resumed.map_or(before.ty, |table| table.grown(index, before.ty));
            check(expected == now.ty, "tables")?;
            check(self.are_same(&init(before)?, &init(now)?), "tables")?;
        }
        check(now.globals.len() >= before.globals.len(), "globals")?;
        for (before, now) in before.globals.iter().zip(&now.globals) {
            let init = |global: &wasmparser::Global<'a>| Module::operators(&global.init_expr);
            check(before.ty == now.ty, "globals")?;
            check(self.are_same(&init(before)?, &init(now)?), "globals")?;
        }
        self.check_exports(plan, globals)?;
        check(
            now.elements.len() == before.elements.len() + usize::from(resumed.is_some()),
            "elements",
        )?;
        for (before, now) in before.elements.iter().zip(&now.elements) {
            let (before, now) = (element_parts(before)?, element_parts(now)?);
            let are_same = before.0 == now.0
                && self.are_same(&before.1, &now.1)
                && before.2.len() == now.2.len()
                && before.2.iter().zip(&now.2).all(|(before, now)| self.are_same(before, now));
            check(are_same, "elements")?;
        }
        check(now.data.len() == before.data.len(), "data")?;
        for (before, now) in before.data.iter().zip(&now.data) {
            let are_same = before.data == now.data && data_place(before)? == data_place(now)?;
            check(are_same, "data")?;
        }
        Ok(())
    }

    /// Checks the exports. The host must find the functions that start and stop, if it needs them; other
    /// modules must find the globals.
    fn check_exports(&self, plan: &SuspendPlan, globals: &[u32]) -> Result<(), Failure<Wrong>> {
        let wrong = || Wrong::new("the exports are not what they were");
        let (before, now) = (&self.original.exports, &self.instrumented.exports);
        let (same, added) = now.split_at_checked(before.len()).ok_or_else(wrong)?;
        for (before, now) in before.iter().zip(same) {
            let is_function = matches!(before.kind, ExternalKind::Func | ExternalKind::FuncExact);
            let is_same = match is_function {
                true => self.is_function(before.index, now.index),
                false => before.index == now.index,
            };
            if before.name != now.name || before.kind != now.kind || !is_same {
                return Err(wrong().into());
            }
        }
        let functions: &[&str] = match plan.for_host {
            true => &["start_unwind", "stop_unwind", "start_rewind", "stop_rewind", "get_state"],
            false => &[],
        };
        let names: &[&str] = match plan.exports_globals {
            true => &["__asyncify_state", "__asyncify_data"],
            false => &[],
        };
        let is_runtime = |export: &wasmparser::Export<'_>, name: &str| {
            export.name.strip_prefix("asyncify_") == Some(name)
                && export.kind == ExternalKind::Func
                && self.runtime.get(name).is_some_and(|those| those.contains(&export.index))
        };
        let is_global = |export: &wasmparser::Export<'_>, name: &str, global: u32| {
            export.name == name && export.kind == ExternalKind::Global && export.index == global
        };
        let are_expected = added.len() == functions.len() + names.len()
            && functions.iter().all(|name| added.iter().any(|export| is_runtime(export, name)))
            && names
                .iter()
                .zip(globals)
                .all(|(name, global)| added.iter().any(|export| is_global(export, name, *global)));
        if are_expected {
            Ok(())
        } else {
            Err(Wrong::new("the host does not find what it needs").into())
        }
    }
}
