//! Writes the functions to instrument anew, each in its form.

use std::collections::BTreeMap;

use wasm_encoder::Function;
use wasm_encoder::reencode::Reencode;
use wasmparser::{FunctionBody, Operator, Parser, Payload, ValidPayload, Validator, WasmFeatures};

use super::additions::Globals;
use super::compact::plan::is_possible;
use super::emit::{Form, emit};
use super::flat;
use super::flat::function::Flat;
use super::flat::plan::FlatPlan;
use super::frame_maps::{Called, FrameMap, SiteMap};
use super::helpers::Helpers;
use super::index_spaces::{IndexSpaces, Indices};
use super::read::read;
use super::references::Tables;
use super::shape::Shape;
use super::types::Types;
use super::{Callee, SuspendPlan, Unsupported, callee};
use crate::debug::{Pass, Recorder};
use crate::error::{Context, Failure, Result};
use crate::module::{FunctionIndex, ModuleInfo, TableIndex};

/// Functions, by their indices.
type Bodies = BTreeMap<FunctionIndex, (Function, Recorder)>;

/// The frame maps of functions with a frame, and of functions without one.
type FrameMaps = (Vec<FrameMap>, Vec<FrameMap>);

/// The new code of the functions to instrument, and what is added for it.
pub(super) struct Written {
    pub(super) spaces: IndexSpaces,
    pub(super) bodies: Bodies,
    pub(super) helpers: Helpers,
    /// The plan if functions are resumed one by one.
    pub(super) flat: Option<FlatPlan>,
    /// The frame maps. If functions are resumed one by one, in the order of their numbers; then those of functions
    /// without a frame.
    pub(super) frame_maps: Vec<FrameMap>,
}

/// After this many bytes of functions without a new helper, it is assumed that no other helper is needed.
const ENOUGH: u64 = 256 * 1024;

/// Writes all functions.
///
/// Helpers come before the functions that call them, so their number changes the indices of all others. How many
/// helpers are needed is known when everything is written; then it is written once more. In a large module, the first
/// functions mostly suffice to know it, and the others are written only once.
pub(super) fn write(
    module: &ModuleInfo<'_>,
    plan: &SuspendPlan,
    moves: &Pass,
) -> Result<Written, Failure<Unsupported>> {
    let mut spaces = IndexSpaces::new(module, plan)?;
    let mut known = Vec::new();
    let mut enough = Some(ENOUGH);
    loop {
        spaces.helpers = known.len() as u32;
        let mut flat = if plan.flat { Some(FlatPlan::new(module, plan)?) } else { None };
        let mut globals = Globals::new(spaces.first_global());
        if let Some(flat) = &mut flat {
            spaces.flat = Some(flat.count());
            spaces.callers_check = flat.callers_check;
            flat.place(spaces.flat(), spaces.runtime(), &mut globals)?;
        }
        let has_table = flat.as_ref().is_some_and(|flat| !flat.table.is_shared);
        let tables = Tables::new(TableIndex(spaces.tables + u32::from(has_table)));
        let first = spaces.first_helper();
        let mut helpers = Helpers::new(spaces.runtime(), first, &known, tables, globals);
        let bodies =
            all(module.bytes, plan, &spaces, &mut helpers, flat.as_mut(), moves, enough.take())?;
        let used: Vec<_> = helpers.used().into_iter().map(|(_, helper)| helper).collect();
        if let Some((bodies, (mut frame_maps, without))) = bodies
            && used == known
        {
            frame_maps.extend(without);
            for map in &mut frame_maps {
                map.renumber(|function| FunctionIndex(spaces.new_index(function)));
            }
            return Ok(Written { bodies, helpers, flat, spaces, frame_maps });
        }
        known = used;
    }
}

/// Returns nothing if `enough` bytes were written after the last new helper, and there is more to write.
fn all(
    wasm: &[u8],
    plan: &SuspendPlan,
    spaces: &IndexSpaces,
    helpers: &mut Helpers,
    mut flat: Option<&mut FlatPlan>,
    moves: &Pass,
    enough: Option<u64>,
) -> Result<Option<(Bodies, FrameMaps)>, Failure<Unsupported>> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut types = Types::default();
    let mut bodies = BTreeMap::new();
    let (mut with, mut without) = FrameMaps::default();
    let (mut known, mut written) = (0, 0);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::CodeSectionStart { .. } = payload {
            types = Types::new(wasm, validator.types(0).context("no module is read")?);
        }
        let ValidPayload::Func(function, body) = validator.payload(&payload)? else { continue };
        let index = FunctionIndex(function.index);
        if !plan.functions.contains(&index) {
            continue;
        }
        if helpers.count() > known {
            (known, written) = (helpers.count(), 0);
        }
        if enough.is_some_and(|enough| written > enough) {
            return Ok(None);
        }
        written += body.range().end - body.range().start;
        let callee = |operator: &Operator<'_>, indirect| {
            callee(plan, index, operator, indirect).map(|callee| match callee {
                // The call is not repeated.
                Callee::Indirect if plan.flat => Callee::Instrumented,
                other => other,
            })
        };
        let shape = read(function, &body, &types, callee)?;
        let unsupported = |reason| Failure::Own(Unsupported { function: index, reason });
        if let Some(flat) = &flat
            && let Some(reason) = flat::unsupported(&shape, flat.is_refused(index))
        {
            return Err(unsupported(reason));
        }
        if let Some(flat) = &flat
            && flat::passes_on(&shape)
        {
            without.push(passed_on(index, &shape));
            if !shape.sites.is_empty()
                && let Some(resume) = flat.resume_in(index)
            {
                bodies.insert(
                    index,
                    resumed_by_others(&body, resume, spaces, moves.recorder(&body))?,
                );
            }
            continue;
        }
        // An unreachable call is not a site.
        if !shape.sites.is_empty() {
            let form = if plan.by_type_only.contains(&index) && is_possible(&shape) {
                Form::Compact
            } else {
                Form::Fast
            };
            let flat = flat.as_deref_mut().map(|flat| Flat::new(flat, index, &shape));
            let body = emit(
                &shape,
                form,
                spaces.runtime(),
                helpers,
                flat,
                &mut Indices(spaces),
                moves.recorder(&body),
            );
            let body = body.map_err(|failure| match failure {
                Failure::Own(reason) => unsupported(reason),
                Failure::Other(error) => {
                    let error = error.in_context(|| format!("cannot instrument function {index}"));
                    Failure::Other(error)
                }
            });
            let (body, moved, map) = body?;
            bodies.insert(index, (body, moved));
            with.push(map);
        }
    }
    Ok(Some((bodies, (with, without))))
}

/// The frame map of a function that has no frame, and whose code is unchanged.
fn passed_on(function: FunctionIndex, shape: &Shape<'_>) -> FrameMap {
    let sites = shape.sites.iter().map(|site| SiteMap {
        number: 0,
        callee: match shape.operators[site.call] {
            Operator::Call { function_index } => Called::Function(FunctionIndex(function_index)),
            _ => Called::Unknown,
        },
        at: 0,
    });
    FrameMap { function, before: function, size: None, position: None, sites: sites.collect() }
}

/// Writes a function that needs no frame, but in which a rewind can begin.
fn resumed_by_others(
    body: &FunctionBody<'_>,
    resume: u32,
    spaces: &IndexSpaces,
    mut moved: Recorder,
) -> Result<(Function, Recorder)> {
    let mut reencoder = Indices(spaces);
    let mut function = reencoder.new_function_with_parsed_locals(body)?;
    for instruction in flat::begin_rewind(spaces.runtime().state, resume) {
        function.instruction(&instruction);
    }
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        moved.instruction(operators.original_position(), function.byte_len());
        function.instruction(&reencoder.parse_instruction(&mut operators)?);
    }
    Ok((function, moved))
}
