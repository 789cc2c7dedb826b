//! The table through which the dispatcher calls functions: an added one, or the program's first one, extended
//! at its end. The program must not observe the extension, so it may only call functions through that table,
//! and the table is not imported.

use wasmparser::{ElementKind, Operator, TableType};

use super::module::{Module, element_parts};
use super::wrong::Wrong;
use crate::error::Failure;

/// The place of the functions in a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) index: u32,
    /// The index of the first function.
    pub(super) first: u32,
    /// Whether the table is the program's.
    pub(super) is_shared: bool,
    /// The number of functions.
    count: u64,
}

impl Place {
    /// The type of a table with the added functions. `index` is its index among the tables that are not
    /// imported.
    pub(super) fn grown(self, index: usize, ty: TableType) -> TableType {
        if !self.is_shared || index != 0 {
            return ty;
        }
        let maximum = ty.maximum.map(|maximum| maximum + self.count);
        TableType { initial: ty.initial + self.count, maximum, ..ty }
    }
}

/// Finds the place, which the last segment fills.
pub(super) fn find(before: &Module<'_>, now: &Module<'_>) -> Result<Place, Failure<Wrong>> {
    let wrong = |what: &str| Err(Wrong::new(format!("the dispatcher's table {what}")).into());
    let Some(last) = now.elements.last() else { return wrong("is missing") };
    let ElementKind::Active { table_index, .. } = last.kind else { return wrong("is not filled") };
    let (_, offset, items) = element_parts(last)?;
    let [Operator::I32Const { value: first }, Operator::End] = offset[..] else {
        return wrong("is filled from an index that is not known");
    };
    let index = table_index.unwrap_or_default();
    let added = now.imported_tables + before.tables.len() as u32;
    let first = first.cast_unsigned();
    let place = Place { index, first, is_shared: index != added, count: items.len() as u64 };
    if !place.is_shared {
        return if first == 0 { Ok(place) } else { wrong("is not filled from its beginning") };
    }
    let Some(program) = before.tables.first().filter(|_| index == 0 && now.imported_tables == 0)
    else {
        return wrong("is one that others have");
    };
    if program.ty.initial != u64::from(first) {
        return wrong("is not filled from where the program's ends");
    }
    if is_looked_at(before)? {
        return wrong("is one that the program looks at");
    }
    Ok(place)
}

/// Whether any code does more with the first table than call functions in it.
fn is_looked_at(module: &Module<'_>) -> Result<bool, Failure<Wrong>> {
    for (_, body) in &module.bodies {
        for operator in body.get_operators_reader()? {
            let (first, second) = match operator? {
                Operator::TableGet { table }
                | Operator::TableSet { table }
                | Operator::TableGrow { table }
                | Operator::TableSize { table }
                | Operator::TableFill { table }
                | Operator::TableInit { table, .. } => (table, table),
                Operator::TableCopy { dst_table, src_table } => (dst_table, src_table),
                _ => continue,
            };
            if first == 0 || second == 0 {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
