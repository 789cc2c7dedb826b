//! The names in an instrumented module: the original names, by the new indices, and the names of what was added.

use core::convert::Infallible;
use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error, utils};
use wasm_encoder::{IndirectNameMap, NameMap};

use super::flat::additions::Additions;
use super::helpers::Helpers;
use super::index_spaces::IndexSpaces;
use super::runtime::Runtime;
use crate::module::{FunctionIndex, GlobalIndex};

/// The original names of some part of a module.
type Before<'a> = wasmparser::NameMap<'a>;
type Result<T> = core::result::Result<T, Error<Infallible>>;

pub(super) fn functions(
    before: Before<'_>,
    spaces: &IndexSpaces,
    flat: Option<&Additions>,
    helpers: &Helpers,
) -> Result<NameMap> {
    let mut all = BTreeMap::new();
    for naming in before {
        let naming = naming?;
        let function = FunctionIndex(naming.index);
        if !spaces.replaced.contains_key(&function) {
            all.insert(spaces.new_index(function), naming.name.to_owned());
        }
    }
    all.extend((spaces.first_added()..).zip(spaces.added_names()));
    all.extend(flat.into_iter().flat_map(Additions::names));
    let helpers = helpers.used().into_iter();
    all.extend(helpers.map(|(index, helper)| (index, helper.name())));
    let mut names = NameMap::new();
    for (index, name) in &all {
        names.append(*index, name);
    }
    Ok(names)
}

/// Original locals keep their indices. Added locals come after them, and have no name.
pub(super) fn locals(
    before: wasmparser::IndirectNameMap<'_>,
    spaces: &IndexSpaces,
) -> Result<IndirectNameMap> {
    let mut names = IndirectNameMap::new();
    for naming in before {
        let naming = naming?;
        let function = FunctionIndex(naming.index);
        // A function of ours replaces it.
        if !spaces.replaced.contains_key(&function) {
            names.append(spaces.new_index(function), &utils::name_map(naming.names, Ok)?);
        }
    }
    Ok(names)
}

pub(super) fn globals(
    before: Before<'_>,
    spaces: &IndexSpaces,
    helpers: &Helpers,
) -> Result<NameMap> {
    let mut all = BTreeMap::new();
    for naming in before {
        let naming = naming?;
        all.insert(GlobalIndex(naming.index), naming.name);
    }
    let Runtime { state, data, .. } = spaces.runtime();
    all.extend([(state, "asyncify_state"), (data, "asyncify_data")]);
    all.extend(helpers.globals.names());
    let mut names = NameMap::new();
    for (index, name) in all {
        names.append(index.0, name);
    }
    Ok(names)
}

pub(super) fn tables(before: Before<'_>, helpers: &Helpers) -> Result<NameMap> {
    let mut names = utils::name_map(before, Ok)?;
    for (table, name) in helpers.tables.names() {
        names.append(table, &name);
    }
    Ok(names)
}
