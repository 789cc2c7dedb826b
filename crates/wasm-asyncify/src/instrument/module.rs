//! Writes the module anew, with the instrumented functions, and with functions of its own in place of the imports
//! from `asyncify`.

use core::convert::Infallible;
use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ConstExpr, ExportKind, FuncType, Function, GlobalType, TableSection, ValType};
use wasmparser::{FunctionBody, Validator, WasmFeatures};

use super::bodies::{self, Written};
use super::flat::additions as flat_additions;
use super::flat::plan::FlatPlan;
use super::flat::table::grown;
use super::frame_maps::FrameMap;
use super::helpers::{Helper, Helpers};
use super::index_spaces::{GET_STATE, IndexSpaces};
use super::runtime::REPLACED;
use super::{SuspendPlan, Unsupported};
use super::{barrier, shared};
use crate::analysis::CheckedBarrier;
use crate::debug::{Recorder, Trail};
use crate::error::{Context, Failure, Result};
use crate::module::{
    self, Added, AddedExport, AddedFunction, AddedGlobal, AddedType, FunctionIndex, GlobalIndex,
    ModuleInfo, Rewrite, TypeIndex,
};
use crate::provide::{DATA, DATA_NAME, STATE, STATE_NAME};

/// Returns the instrumented module, and its frame maps.
pub(super) fn instrument(
    wasm: &[u8],
    plan: &SuspendPlan,
    trail: &mut Trail,
) -> Result<(Vec<u8>, Vec<FrameMap>), Failure<Unsupported>> {
    let read = ModuleInfo::read(wasm)?;
    let Written { spaces, bodies, helpers, flat, frame_maps } =
        bodies::write(&read, plan, &trail.pass())?;
    let growth = flat.as_ref().map_or(0, flat_additions::growth);
    let added = additions(&spaces, plan, helpers, flat.as_ref())?;
    let mut writer = Writer { spaces: &spaces, plan, bodies, growth };
    let written = module::write(&read, &mut writer, added, trail)?;
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(&written)
        .context("the instrumented module is not valid")?;
    Ok((written, frame_maps))
}

/// What is added, in the order of the indices in `spaces`.
fn additions(
    spaces: &IndexSpaces,
    plan: &SuspendPlan,
    helpers: Helpers,
    flat: Option<&FlatPlan>,
) -> Result<Added> {
    let runtime = spaces.runtime();
    let address = runtime.address();
    let mut added = Added { functions_first: true, ..Added::default() };
    add_runtime(spaces, &mut added);
    if let Some(flat) = flat {
        flat_additions::add(flat, runtime, |it| spaces.new_index(it), &mut added)?;
    }
    let mut next = TypeIndex(spaces.first_type_of_helpers());
    for (_, helper) in helpers.used() {
        let mut ty = next;
        if let Helper::Never(of_module) = helper {
            ty = TypeIndex(of_module);
        } else {
            next = next.plus(1);
        }
        if let Some((parameters, results)) = helpers.ty(helper) {
            added.types.push(AddedType::Function(FuncType::new(parameters, results)));
        }
        added.functions.push(AddedFunction { name: helper.name(), ty, code: helpers.code(helper) });
    }
    let tables = spaces.tables as usize + added.tables.len();
    added.tables.extend(helpers.tables.added());
    let null = match spaces.memory64 {
        true => ConstExpr::i64_const(0),
        false => ConstExpr::i32_const(0),
    };
    if spaces.has_own_globals() {
        let own = [(STATE_NAME, ValType::I32, ConstExpr::i32_const(0)), (DATA_NAME, address, null)];
        added.globals.extend(own.map(|(name, val_type, value)| {
            let ty = GlobalType { val_type, mutable: true, shared: false };
            AddedGlobal { name: name.to_owned(), ty, value }
        }));
    }
    if spaces.for_host {
        let exports = spaces.exports();
        added.exports.extend(exports.map(|(name, index)| {
            let kind = ExportKind::Func;
            AddedExport { name, kind, index }
        }));
    }
    if plan.exports_globals {
        let globals = [(STATE, runtime.state), (DATA, runtime.data)];
        added.exports.extend(globals.map(|(name, GlobalIndex(index))| {
            let kind = ExportKind::Global;
            AddedExport { name: name.to_owned(), kind, index }
        }));
    }
    // The module may not have used these before.
    let features = [
        ("multimemory", spaces.memories > 1),
        ("mutable-globals", plan.exports_globals || !spaces.has_own_globals()),
        ("reference-types", tables > 1 || helpers.tables.added().next().is_some()),
    ];
    added.features =
        features.into_iter().filter(|(_, is_used)| *is_used).map(|(name, _)| name).collect();
    added.globals.extend(helpers.globals.into_added());
    Ok(added)
}

/// Adds the functions that each module has, and those for the host and for barriers, with their types.
fn add_runtime(spaces: &IndexSpaces, added: &mut Added) {
    let runtime = spaces.runtime();
    let address = runtime.address();
    let ty = |parameters: &[ValType], results: &[ValType]| {
        AddedType::Function(FuncType::new(parameters.to_vec(), results.to_vec()))
    };
    added.types.push(ty(&[address], &[address]));
    if spaces.for_host {
        added.types.extend([ty(&[address], &[]), ty(&[], &[]), ty(&[], &[ValType::I32])]);
    }
    if !spaces.barriers.is_empty() {
        added.types.push(ty(&[], &[]));
    }
    let replacements = spaces.replacements();
    let mut functions: Vec<_> = replacements
        .map(|(which, ty)| (ty, shared::replacement(runtime, REPLACED[which])))
        .collect();
    functions.push((spaces.types, shared::push(runtime)));
    functions.push((spaces.types, shared::pop(runtime)));
    if spaces.for_host {
        functions.push((spaces.types + GET_STATE, shared::get_state(runtime)));
    }
    let ends = spaces.barriers.iter().map(|_| (spaces.type_of_end(), CheckedBarrier::body()));
    functions.extend(ends);
    for (name, (ty, code)) in spaces.added_names().zip(functions) {
        added.functions.push(AddedFunction { name, ty: TypeIndex(ty), code });
    }
}

struct Writer<'a> {
    spaces: &'a IndexSpaces,
    plan: &'a SuspendPlan,
    bodies: BTreeMap<FunctionIndex, (Function, Recorder)>,
    /// How many more functions there are in the program's first table.
    growth: u64,
}

impl Reencode for Writer<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.spaces.new_index(FunctionIndex(function)))
    }

    fn parse_table(
        &mut self,
        tables: &mut TableSection,
        mut table: wasmparser::Table<'_>,
    ) -> Result<(), Error> {
        if tables.is_empty() {
            table.ty = grown(table.ty, self.growth);
        }
        utils::parse_table(self, tables, table)
    }
}

impl Rewrite for Writer<'_> {
    // Blocks have changed, so these names would be for other blocks.
    const KEEPS_LABELS: bool = false;

    fn removes(&self, function: FunctionIndex) -> bool {
        self.spaces.replaced.contains_key(&function)
    }

    fn body(
        &mut self,
        function: FunctionIndex,
        body: &FunctionBody<'_>,
        moved: &mut Recorder,
    ) -> Result<Option<Function>, Error> {
        if let Some((body, recorded)) = self.bodies.remove(&function) {
            *moved = recorded;
            return Ok(Some(body));
        }
        let Some(barrier) = self.plan.barriers.get(&function) else { return Ok(None) };
        let (state, end) = (self.spaces.runtime().state, self.spaces.end_at(*barrier));
        barrier::write(self, body, state, end, moved).map(Some)
    }
}
