//! What the flat form adds to the sections of a module.

use crate::error::Result;
use std::borrow::Cow;

use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, Function, FunctionSection, RefType,
    TableSection, TableType, TypeSection, ValType,
};

use super::dispatcher;
use super::plan::{Beginnings, FIXED, Fixed, FlatPlan, OPTIONAL, Optional, written};
use super::table::Place;
use super::thrown;
use crate::instrument::runtime::Runtime;
use crate::module::FunctionIndex;

/// The additions, ready to be written.
pub(in crate::instrument) struct Additions {
    at: Beginnings,
    functions: Vec<Added>,
    /// The functions in the table.
    elements: Vec<u32>,
    /// Their place in it.
    place: Place,
}

/// A function, with a type of its own.
struct Added {
    name: String,
    parameters: Vec<ValType>,
    results: Vec<ValType>,
    code: Function,
}

impl Additions {
    /// `new_index` returns the new index of a function.
    pub(in crate::instrument) fn new(
        plan: &FlatPlan,
        runtime: Runtime,
        new_index: impl Fn(FunctionIndex) -> u32,
    ) -> Result<Self> {
        let address = runtime.address();
        let mut functions = Vec::new();
        for which in FIXED {
            let (name, parameters, results, code) = match which {
                Fixed::FrameSize => {
                    let code = dispatcher::frame_size(plan, runtime);
                    ("frame_size", vec![ValType::I32], vec![address], code)
                }
                Fixed::Enter => ("enter", vec![ValType::I32], vec![], dispatcher::enter(plan)?),
                Fixed::Dispatch => {
                    ("dispatch", vec![], vec![], dispatcher::dispatch(plan, runtime)?)
                }
            };
            functions.push(Added { name: format!("asyncify_{name}"), parameters, results, code });
        }
        for which in OPTIONAL.into_iter().filter(|_| plan.catches) {
            let (name, parameters, results, code) = match which {
                Optional::Catches => {
                    let code = thrown::catches(plan);
                    ("catches", vec![ValType::I32], vec![ValType::I32], code)
                }
                Optional::Throw => ("throw", vec![], vec![], thrown::throw(plan, runtime)),
            };
            functions.push(Added { name: format!("asyncify_{name}"), parameters, results, code });
        }
        for results in plan.resumes() {
            let code = dispatcher::resume(plan, runtime, results)?;
            let name = |ty: &wasmparser::ValType| match plan.kind(*ty) {
                Some(kind) => format!("_{}", kind.name()),
                None => format!("_{ty}"),
            };
            let types: String = results.iter().map(name).collect();
            let results = results.iter().map(|ty| written(*ty)).collect::<Result<_>>()?;
            let name = format!("asyncify_resume{types}");
            functions.push(Added { name, parameters: vec![], results, code });
        }
        if let Some(arrival) = &plan.arrival {
            functions.push(Added {
                name: "asyncify_arrive".to_owned(),
                parameters: vec![address],
                results: vec![ValType::I32],
                code: arrival.code(runtime),
            });
        }
        let elements = plan.functions().iter().map(|it| new_index(it.function)).collect();
        Ok(Self { at: plan.at, functions, place: plan.table, elements })
    }

    pub(in crate::instrument) fn add_types(&self, types: &mut TypeSection) {
        for Added { parameters, results, .. } in &self.functions {
            types.ty().function(parameters.iter().copied(), results.iter().copied());
        }
    }

    pub(in crate::instrument) fn add_functions(&self, functions: &mut FunctionSection) {
        for (ty, _) in (self.at.ty..).zip(&self.functions) {
            functions.function(ty);
        }
    }

    /// Whether a table is added.
    pub(in crate::instrument) fn has_table(&self) -> bool {
        !self.place.is_shared
    }

    /// The type of the first table that the program defines, after it has grown.
    pub(in crate::instrument) fn grown(&self, ty: wasmparser::TableType) -> wasmparser::TableType {
        match self.place.is_shared {
            true => self.place.grown(ty, self.elements.len() as u64),
            false => ty,
        }
    }

    /// Adds the table, if the functions need one of their own.
    pub(in crate::instrument) fn add_table(&self, tables: &mut TableSection) {
        if !self.has_table() {
            return;
        }
        let size = self.elements.len() as u64;
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: size,
            maximum: Some(size),
            shared: false,
        });
    }

    pub(in crate::instrument) fn add_elements(&self, elements: &mut ElementSection) {
        let table = Some(self.place.table).filter(|table| *table != 0);
        let functions = Elements::Functions(Cow::Borrowed(&self.elements));
        elements.active(table, &ConstExpr::i32_const(self.place.first.cast_signed()), functions);
    }

    pub(in crate::instrument) fn add_code(&self, code: &mut CodeSection) {
        for Added { code: body, .. } in &self.functions {
            code.function(body);
        }
    }

    /// The names of the functions that are added.
    pub(in crate::instrument) fn names(&self) -> impl Iterator<Item = (u32, String)> {
        let names = self.functions.iter().map(|added| added.name.clone());
        (self.at.function..).zip(names)
    }
}
