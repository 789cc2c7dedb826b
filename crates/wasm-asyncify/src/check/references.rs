//! Where the references of suspended functions are: in added tables, with functions that put a reference there
//! and take it out again.
//!
//! Symbolic execution cannot find out what such a function does, because it searches a table. So it must be the
//! code that is known here, instruction by instruction. What that code does is proved by hand, for a table that
//! no other code touches:
//!
//! - A table has at least twice as many places as there are references in it, and place 0 is null. So the loop
//!   finds a place, it is not 0, and no reference is lost.
//! - `keep(null)` is 0, and `take(0)` is null. Any other reference gets a place of its own, until it is taken.
//! - `take(place)` leaves null there, and one reference less. It traps if nothing is there.
//!
//! No other code touches it: symbolic execution would find such code, because the original has no instruction
//! with this table or these globals, and neither is exported.
//!
//! What calls of these functions do is in [`kept`](super::kept).

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{BlockType, Operator, TableInit};

use super::code::Code;
use super::kept::Reference;
use super::module::Module;
use super::wrong::Wrong;
use crate::error::{Error, Result};

/// An added table, and its globals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Table {
    table: u32,
    live: u32,
    next: Option<u32>,
}

/// Finds the added functions that keep references and take them back.
///
/// # Errors
///
/// Fails unless each added table is used by one function of each kind, and by no other.
pub(super) fn find(
    before: &Module<'_>,
    now: &Module<'_>,
    added: &BTreeMap<u32, Code<'_>>,
    has_dispatcher: bool,
) -> Result<Result<BTreeMap<u32, Reference>, Wrong>> {
    let mut found = BTreeMap::new();
    let mut keeping = BTreeMap::new();
    let mut taking = BTreeMap::new();
    for (function, code) in added {
        let code: Vec<_> = code.steps.iter().map(|step| step.operator.clone()).collect();
        let Some(table) = table_of(&code) else { continue };
        if code == keep(table, &code) {
            found.insert(*function, Reference::Keep(table.table));
            keeping.insert(table.table, table);
        } else if code == take(table, &code) {
            found.insert(*function, Reference::Take(table.table));
            taking.insert(table.table, table);
        }
    }
    let imported = now.imported_tables;
    // The dispatcher's table comes before, if it has its own.
    let first = imported + before.tables.len() as u32 + u32::from(has_dispatcher);
    let first_global = now.imported_globals + before.globals.len() as u32;
    let tables = first..imported + now.tables.len() as u32;
    let mut globals = BTreeSet::new();
    for table in tables.clone() {
        let wrong = |what| Ok(Err(Wrong::new(format!("table {table} was added, and {what}"))));
        let (Some(keep), Some(take)) = (keeping.remove(&table), taking.remove(&table)) else {
            return wrong("no functions keep references in it and take them back");
        };
        let Table { live, next: Some(next), .. } = keep else { continue };
        let is_own = [live, next].into_iter().all(|it| it >= first_global && globals.insert(it));
        if take.live != live || !is_own {
            return wrong("its globals are of others, too");
        }
        let begins_with = |global: u32, value| {
            let global = &now.globals[(global - now.imported_globals) as usize];
            let expected = [Operator::I32Const { value }, Operator::End];
            Ok::<_, Error>(Module::operators(&global.init_expr)? == expected)
        };
        let is_empty = matches!(now.tables[(table - imported) as usize].init, TableInit::RefNull);
        if !is_empty || !begins_with(live, 0)? || !begins_with(next, 1)? {
            return wrong("it does not begin empty");
        }
    }
    let of_others = keeping.into_keys().chain(taking.into_keys()).next();
    if let Some(table) = of_others {
        return Ok(Err(Wrong::new(format!(
            "references are kept in table {table}, in which there are others"
        ))));
    }
    let count = |is_keep: bool| {
        found.values().filter(|it| matches!(it, Reference::Keep(_)) == is_keep).count()
    };
    if count(true) != tables.len() || count(false) != tables.len() {
        return Ok(Err(Wrong::new("several functions keep references in a table")));
    }
    Ok(Ok(found))
}

/// The table and globals of a function, if it may be one that keeps or takes references.
fn table_of(code: &[Operator<'_>]) -> Option<Table> {
    let table = code.iter().find_map(|operator| match operator {
        Operator::TableSet { table } => Some(*table),
        _ => None,
    })?;
    let mut written = code.iter().filter_map(|operator| match operator {
        Operator::GlobalSet { global_index } => Some(*global_index),
        _ => None,
    });
    Some(Table { table, live: written.next()?, next: written.next() })
}

/// The null in the code, which has the table's type.
fn null<'a>(code: &[Operator<'a>]) -> Option<Operator<'a>> {
    code.iter().find(|operator| matches!(operator, Operator::RefNull { .. })).cloned()
}

/// The code of the function that keeps a reference in this table.
fn keep<'a>(table: Table, code: &[Operator<'a>]) -> Vec<Operator<'a>> {
    use Operator::{
        Br, End, I32Add, I32Const, I32Eq, I32Eqz, I32GeU, I32LtU, I32Shl, If, LocalGet, Loop,
        RefIsNull, Return, TableGet, TableGrow, TableSet, TableSize, Unreachable,
    };
    let (Table { table, live, next: Some(next) }, Some(null)) = (table, null(code)) else {
        return Vec::new();
    };
    let get = |global_index| Operator::GlobalGet { global_index };
    let set = |global_index| Operator::GlobalSet { global_index };
    let number = |value| I32Const { value };
    let then = If { blockty: BlockType::Empty };
    let reference = LocalGet { local_index: 0 };
    [
        // A null is in place 0.
        &[reference.clone(), RefIsNull, then.clone(), number(0), Return, End][..],
        // live += 1
        &[get(live), number(1), I32Add, set(live)],
        // If there are fewer than twice as many places, doubles the table; next is the first new place.
        &[TableSize { table }, get(live), number(1), I32Shl, I32LtU, then.clone()],
        &[TableSize { table }, set(next), null, TableSize { table }, TableGrow { table }],
        &[number(-1), I32Eq, then.clone(), Unreachable, End, End],
        // Wraps around to place 1.
        &[Loop { blockty: BlockType::Empty }, get(next), TableSize { table }, I32GeU],
        &[then.clone(), number(1), set(next), End],
        // Continues until a place is null.
        &[get(next), TableGet { table }, RefIsNull, I32Eqz, then],
        &[get(next), number(1), I32Add, set(next), Br { relative_depth: 1 }, End, End],
        // Puts the reference there, leaves that place on the stack, and advances next.
        &[get(next), reference, TableSet { table }, get(next)],
        &[get(next), number(1), I32Add, set(next), End],
    ]
    .concat()
}

/// The code of the function that takes a reference out of this table.
fn take<'a>(table: Table, code: &[Operator<'a>]) -> Vec<Operator<'a>> {
    use Operator::{
        End, I32Const, I32Sub, If, LocalGet, RefIsNull, TableGet, TableSet, Unreachable,
    };
    let (Table { table, live, .. }, Some(null)) = (table, null(code)) else { return Vec::new() };
    let (get, set) =
        (Operator::GlobalGet { global_index: live }, Operator::GlobalSet { global_index: live });
    let then = If { blockty: BlockType::Empty };
    let place = LocalGet { local_index: 0 };
    [
        // Unless it is place 0, something is there, and live -= 1.
        &[place.clone(), then.clone(), place.clone(), TableGet { table }, RefIsNull][..],
        &[then, Unreachable, End, get, I32Const { value: 1 }, I32Sub, set, End],
        // Leaves the reference on the stack, and puts null into its place.
        &[place.clone(), TableGet { table }, place, null, TableSet { table }, End],
    ]
    .concat()
}
