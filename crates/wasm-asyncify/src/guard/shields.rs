//! Calls that are made while an exception is on its way: each goes through a function that sets the
//! coroutine aside, as if the host were called.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use wasm_encoder::ValType;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::Operator;

use super::facts::Facts;
use super::plan::{Added, Plan};
use crate::exceptions::Cleanups;
use crate::instrument::is_call;

/// The functions that such calls go through.
#[derive(Default)]
pub(super) struct Shields {
    by_call: BTreeMap<Call, u32>,
    /// The types of those of indirect calls, which are added.
    pub(super) types: Vec<(Vec<ValType>, Vec<ValType>)>,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Direct(u32),
    Indirect { ty: u32, table: u32 },
}

impl Call {
    fn of(operator: &Operator<'_>) -> Option<Self> {
        match *operator {
            Operator::Call { function_index } => Some(Self::Direct(function_index)),
            Operator::CallIndirect { type_index, table_index } => {
                Some(Self::Indirect { ty: type_index, table: table_index })
            }
            _ => None,
        }
    }
}

impl Shields {
    /// What is called in place of this.
    pub(super) fn of(&self, operator: &Operator<'_>) -> Option<u32> {
        self.by_call.get(&Call::of(operator)?).copied()
    }
}

impl Plan {
    /// Adds what all these calls need.
    pub(super) fn shield(&mut self, facts: &Facts<'_>, cleanups: &Cleanups) -> Result<()> {
        for function in cleanups.functions() {
            let body = facts.body(function).context("a function without a body")?;
            let mut operators = body.get_operators_reader()?;
            let mut number = 0;
            while !operators.eof() {
                let operator = operators.read()?;
                if is_call(&operator) {
                    if let Some(call) = Call::of(&operator)
                        && cleanups.contains(function, number)
                        && !self.shields.by_call.contains_key(&call)
                    {
                        self.add_shield(facts, call)?;
                    }
                    number += 1;
                }
            }
        }
        Ok(())
    }

    fn add_shield(&mut self, facts: &Facts<'_>, call: Call) -> Result<()> {
        let index = u32::try_from(facts.signatures.len() + self.functions.len())?;
        let (name, ty, body) = match call {
            Call::Direct(callee) => {
                let (ty, parameters) = facts.signature(callee)?;
                (facts.shown(callee), ty, self.writer.cleanup(callee, parameters))
            }
            Call::Indirect { ty, table } => {
                let signature = facts.types.get(ty as usize).and_then(Option::as_ref);
                let signature = signature.context("an indirect call of no type")?;
                let types = |types: &[wasmparser::ValType]| {
                    types
                        .iter()
                        .map(|ty| RoundtripReencoder.val_type(*ty))
                        .collect::<Result<Vec<_>, _>>()
                };
                let mut parameters = types(signature.params())?;
                let has_64_bits = facts.tables.get(table as usize).copied();
                parameters.push(
                    match has_64_bits.context("an indirect call through no table")? {
                        true => ValType::I64,
                        false => ValType::I32,
                    },
                );
                let own = facts.types.len()
                    + self.checks.as_ref().map_or(0, |checks| checks.types(&self.writer).len())
                    + self.shields.types.len();
                self.shields.types.push((parameters, types(signature.results())?));
                let count = signature.params().len().try_into()?;
                (
                    format!("type {ty}"),
                    own.try_into()?,
                    self.writer.cleanup_indirect(ty, table, count),
                )
            }
        };
        let name = format!("bysyncify guard: cleanup: {name}");
        self.functions.push(Added { name, ty, body });
        self.shields.by_call.insert(call, index);
        Ok(())
    }
}
