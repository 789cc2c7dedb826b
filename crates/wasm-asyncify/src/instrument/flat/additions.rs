//! What the flat form adds to the sections of a module.

use wasm_encoder::{FuncType, RefType, TableType, ValType};

use super::dispatcher;
use super::plan::{FIXED, Fixed, FlatPlan, OPTIONAL, Optional, written};
use super::table::Place;
use super::thrown;
use crate::error::Result;
use crate::instrument::runtime::Runtime;
use crate::module::{
    Added, AddedElements, AddedFunction, AddedTable, AddedType, FunctionIndex, TypeIndex,
};

/// Adds the functions, each with a type of its own, and the table. `new_index` returns the new index of a function.
pub(in crate::instrument) fn add(
    plan: &FlatPlan,
    runtime: Runtime,
    new_index: impl Fn(FunctionIndex) -> u32,
    added: &mut Added,
) -> Result<()> {
    let mut ty = TypeIndex(plan.at.ty);
    let mut add = |name: String, parameters: Vec<ValType>, results: Vec<ValType>, code| {
        added.types.push(AddedType::Function(FuncType::new(parameters, results)));
        added.functions.push(AddedFunction { name: format!("asyncify_{name}"), ty, code });
        ty = ty.plus(1);
    };
    let address = runtime.address();
    for which in FIXED {
        let (name, parameters, results, code) = match which {
            Fixed::FrameSize => {
                let code = dispatcher::frame_size(plan, runtime);
                ("frame_size", vec![ValType::I32], vec![address], code)
            }
            Fixed::Enter => ("enter", vec![ValType::I32], vec![], dispatcher::enter(plan)?),
            Fixed::Dispatch => ("dispatch", vec![], vec![], dispatcher::dispatch(plan, runtime)?),
        };
        add(name.to_owned(), parameters, results, code);
    }
    for which in OPTIONAL.into_iter().filter(|_| plan.catches) {
        let (name, parameters, results, code) = match which {
            Optional::Catches => {
                let code = thrown::catches(plan);
                ("catches", vec![ValType::I32], vec![ValType::I32], code)
            }
            Optional::Throw => ("throw", vec![], vec![], thrown::throw(plan, runtime)),
        };
        add(name.to_owned(), parameters, results, code);
    }
    for results in plan.resumes() {
        let code = dispatcher::resume(plan, runtime, results)?;
        let name = |ty: &wasmparser::ValType| match plan.kind(*ty) {
            Some(kind) => format!("_{}", kind.name()),
            None => format!("_{ty}"),
        };
        let types: String = results.iter().map(name).collect();
        let results = results.iter().map(|ty| written(*ty)).collect::<Result<_>>()?;
        add(format!("resume{types}"), vec![], results, code);
    }
    if let Some(arrival) = &plan.arrival {
        add("arrive".to_owned(), vec![address], vec![ValType::I32], arrival.code(runtime));
    }
    let functions: Vec<_> = plan.functions().iter().map(|it| new_index(it.function)).collect();
    let size = functions.len() as u64;
    if !plan.table.is_shared {
        let ty = TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: size,
            maximum: Some(size),
            shared: false,
        };
        added.tables.push(AddedTable { name: None, ty });
    }
    let Place { table, first, .. } = plan.table;
    added.elements.push(AddedElements { table, first, functions });
    Ok(())
}

/// How many more functions there are in the program's first table.
pub(in crate::instrument) fn growth(plan: &FlatPlan) -> u64 {
    match plan.table.is_shared {
        true => plan.functions().len() as u64,
        false => 0,
    }
}
