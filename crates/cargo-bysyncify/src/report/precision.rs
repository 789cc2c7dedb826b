//! The effect of the assumption that tables which look like vtables are vtables.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wasm_asyncify::analysis::{Analysis, Precision, Program, Vtable};
use wasm_asyncify::module::FunctionIndex;

use super::numbers::grouped;

/// The assumption of the precise mode, and its effect.
#[derive(Debug)]
pub(super) struct Assumption {
    /// The precision of the analysis that was used.
    precision: Precision,
    /// The tables that look like vtables and have functions that can suspend, with only these functions. If such a
    /// table is no vtable, they can be called from anywhere.
    tables: Vec<Vtable>,
    /// The number of tables that look like vtables.
    all: usize,
    /// The functions that are instrumented if calls are matched by types, and not if they are matched by slots.
    by_type_only: BTreeSet<FunctionIndex>,
}

impl Assumption {
    pub(super) fn new(program: &Program, analysis: &Analysis) -> Self {
        let with = |precision| analysis.with_precision(program, precision);
        let (types, slots) = (with(Precision::Types), with(Precision::Slots));
        let suspending = |table: &Vtable| {
            let mut table = table.clone();
            table.functions.retain(|_, function| slots.can_suspend(*function));
            (!table.functions.is_empty()).then_some(table)
        };
        Self {
            precision: analysis.precision(),
            tables: program.vtables.iter().filter_map(suspending).collect(),
            all: program.vtables.len(),
            by_type_only: types
                .instrumented()
                .filter(|index| !slots.is_instrumented(*index))
                .collect(),
        }
    }

    /// Describes the assumption. `cost` returns by how many bytes its instrumentation has enlarged a function.
    pub(super) fn lines(
        &self,
        program: &Program,
        cost: impl Fn(FunctionIndex) -> i64,
    ) -> Vec<String> {
        let more = grouped(self.by_type_only.len() as u64);
        match self.precision {
            Precision::Types if self.by_type_only.is_empty() => Vec::new(),
            Precision::Types => {
                let costs = self.by_type_only.iter().map(|it| cost(*it).max(0).cast_unsigned());
                vec![format!(
                    "{more} of them only because of their indirect calls' types. --precise would \
                     leave these out, and save about {} bytes: docs/tools.md says what it assumes.",
                    grouped(costs.sum())
                )]
            }
            Precision::Slots => {
                let mut lines = vec![format!(
                    "Assumed (--bysyncify-precise): what looks like a vtable is one, in {} places. \
                     Functions to instrument as well if that is wrong: {more}. Those places that \
                     have functions that can suspend:",
                    grouped(self.all as u64),
                )];
                lines.extend(self.tables.iter().map(|table| text(table, program)));
                lines
            }
        }
    }

    /// The assumption in JSON, for other programs.
    pub(super) fn json(&self, program: &Program) -> Value {
        let tables = self.tables.iter().map(|table| {
            let functions = table.functions.iter().map(
                |(offset, index)| json!({ "offset": offset, "id": index.0, "name": program.readable(*index) }),
            );
            json!({
                "address": table.address,
                "size": table.size,
                "functions": functions.collect::<Value>(),
            })
        });
        json!({
            "assumed": self.precision == Precision::Slots,
            "vtables": self.all,
            "vtables-that-suspend": tables.collect::<Value>(),
            "instrumented-by-types-only": self.by_type_only.iter().map(|it| it.0).collect::<Value>(),
        })
    }
}

/// `  20 bytes at 0x1000: <a::B as c::D>::e at 12`.
fn text(table: &Vtable, program: &Program) -> String {
    let at = table.address.map_or(String::new(), |address| format!(" at {address:#x}"));
    let functions = table
        .functions
        .iter()
        .map(|(offset, index)| format!("{} at {offset}", program.readable(*index)));
    format!("  {} bytes{at}: {}", table.size, functions.collect::<Vec<_>>().join(", "))
}
