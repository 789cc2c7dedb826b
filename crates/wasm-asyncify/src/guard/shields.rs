//! Calls that are made while an exception propagates: each goes through a wrapper in which no coroutine is current,
//! as in a call of the host.

use std::collections::BTreeMap;

use wasm_encoder::ValType;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::Operator;

use super::code::Writer;
use super::info::GuardInfo;
use crate::error::{Context, Result};
use crate::exceptions::Cleanups;
use crate::instrument::is_call;
use crate::module::{AddedFunction, FunctionIndex, TableIndex, TypeIndex};

/// The wrappers that such calls go through.
#[derive(Default)]
pub(super) struct Shields {
    /// By call: the wrapper that is called instead.
    by_call: BTreeMap<Call, FunctionIndex>,
    /// The wrappers to add, in the order of their indices.
    pub(super) functions: Vec<AddedFunction>,
    /// The index of the first type to add.
    first_type: TypeIndex,
    /// The types to add, for the wrappers of indirect calls.
    pub(super) types: Vec<(Vec<ValType>, Vec<ValType>)>,
}

/// The callee of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Direct(FunctionIndex),
    Indirect { ty: TypeIndex, table: TableIndex },
}

impl Call {
    fn parse(operator: &Operator<'_>) -> Option<Self> {
        match *operator {
            Operator::Call { function_index } => Some(Self::Direct(FunctionIndex(function_index))),
            Operator::CallIndirect { type_index, table_index } => {
                Some(Self::Indirect { ty: TypeIndex(type_index), table: TableIndex(table_index) })
            }
            _ => None,
        }
    }
}

impl Shields {
    /// The wrappers for all of `cleanups`. `first` and `first_type` are the first indices of what is added.
    pub(super) fn new(
        info: &GuardInfo<'_>,
        cleanups: &Cleanups,
        writer: &Writer,
        first: FunctionIndex,
        first_type: TypeIndex,
    ) -> Result<Self> {
        let mut shields = Self { first_type, ..Self::default() };
        let mut next = first;
        for function in cleanups.functions() {
            let body = info.module.body(function).context("a function without a body")?;
            let mut operators = body.get_operators_reader()?;
            let mut number = 0;
            while !operators.eof() {
                let operator = operators.read()?;
                if is_call(&operator) {
                    if let Some(call) = Call::parse(&operator)
                        && cleanups.contains(function, number)
                        && !shields.by_call.contains_key(&call)
                    {
                        shields.add(info, writer, call)?;
                        shields.by_call.insert(call, next);
                        next = next.next();
                    }
                    number += 1;
                }
            }
        }
        Ok(shields)
    }

    /// The wrapper that is called instead by this instruction.
    pub(super) fn of(&self, operator: &Operator<'_>) -> Option<FunctionIndex> {
        self.by_call.get(&Call::parse(operator)?).copied()
    }

    fn add(&mut self, info: &GuardInfo<'_>, writer: &Writer, call: Call) -> Result<()> {
        let (name, ty, code) = match call {
            Call::Direct(callee) => {
                let (ty, parameters) = info.module.signature(callee)?;
                (info.module.shown(callee), ty, writer.cleanup(callee, parameters))
            }
            Call::Indirect { ty, table } => {
                let signature = info.module.function_type(ty);
                let signature = signature.context("an indirect call of no type")?;
                let types = |types: &[wasmparser::ValType]| {
                    types
                        .iter()
                        .map(|ty| RoundtripReencoder.val_type(*ty))
                        .collect::<Result<Vec<_>, _>>()
                };
                let mut parameters = types(signature.params())?;
                let declared = info.module.tables.get(usize::from(table));
                let has_64_bits = declared.map(|table| table.table64);
                parameters.push(
                    match has_64_bits.context("an indirect call through no table")? {
                        true => ValType::I64,
                        false => ValType::I32,
                    },
                );
                let own = self.first_type.plus(self.types.len() as u32);
                self.types.push((parameters, types(signature.results())?));
                let count = signature.params().len().try_into()?;
                (format!("type {ty}"), own, writer.cleanup_indirect(ty, table, count))
            }
        };
        let name = format!("bysyncify guard: cleanup: {name}");
        self.functions.push(AddedFunction { name, ty, code });
        Ok(())
    }
}
