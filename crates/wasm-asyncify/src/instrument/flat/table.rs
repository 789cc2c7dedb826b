//! The table through which the dispatcher calls functions.
//!
//! If possible it is the end of the program's own table, which is made larger: wasm-bindgen accepts only modules with
//! one table of functions (`main_function_table` in `walrus`). The program must not notice that its table is larger.
//! So this is done only if the module has our switch, and if no code uses the table other than by calls. (A module
//! with our switch is rustc's, and calls functions only by addresses that it knows.) Any other module gets a second
//! table.

use wasmparser::{Operator, RefType, TableType};

use crate::abi;
use crate::error::Result;
use crate::module::ModuleInfo;

/// The place of the functions: which table, and where in it.
#[derive(Clone, Copy, Debug)]
pub(in crate::instrument) struct Place {
    pub(super) table: u32,
    /// The index of the first function.
    pub(super) first: u32,
    /// Whether the table is the program's.
    pub(in crate::instrument) is_shared: bool,
}

impl Place {
    pub(super) fn new(module: &ModuleInfo<'_>) -> Result<Self> {
        let own = Self { table: module.tables.len() as u32, first: 0, is_shared: false };
        let has_switch = module.function_names.values().any(|name| *name == abi::RESUME);
        let Some(ty) = module.tables.first().filter(|_| has_switch && !module.imports_table) else {
            return Ok(own);
        };
        let most = ty.initial.max(ty.maximum.unwrap_or_default());
        let is_plain = ty.element_type == RefType::FUNCREF && !ty.table64 && !ty.shared;
        // There must be room for as many functions as there can be.
        if !is_plain || most > i32::MAX as u64 / 2 || is_looked_at(module)? {
            return Ok(own);
        }
        Ok(Self { table: 0, first: u32::try_from(ty.initial)?, is_shared: true })
    }
}

/// The type of a table with `count` more functions.
pub(in crate::instrument) fn grown(ty: TableType, count: u64) -> TableType {
    let maximum = ty.maximum.map(|maximum| maximum + count);
    TableType { initial: ty.initial + count, maximum, ..ty }
}

/// Whether code uses the first table other than by calls.
fn is_looked_at(module: &ModuleInfo<'_>) -> Result<bool> {
    for (_, body) in module.bodies() {
        for operator in body.get_operators_reader()? {
            if let Operator::TableGet { table: 0 }
            | Operator::TableSet { table: 0 }
            | Operator::TableGrow { table: 0 }
            | Operator::TableSize { table: 0 }
            | Operator::TableFill { table: 0 }
            | Operator::TableInit { table: 0, .. }
            | Operator::TableCopy { dst_table: 0, .. }
            | Operator::TableCopy { src_table: 0, .. } = operator?
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
