//! What the flat form adds to a module: a table of the functions that can be suspended, the functions of the
//! dispatcher, which calls them, and globals in which results are saved.

use crate::error::{Context, Result};
use crate::instrument::additions::Globals;
use crate::instrument::references::Kind;
use crate::instrument::runtime::Runtime;
use crate::instrument::types::{self, Kinds, is_non_null};
use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::{ConstExpr, GlobalType, RefType};
use wasmparser::{FuncType, Operator, ValType};

use super::arrival::Arrival;
use super::entries;
use super::table::Place;
use crate::abi;
use crate::analysis::SuspendPlan;
use crate::module::{FunctionIndex, FunctionMap, GlobalIndex, ModuleInfo, TypeIndex};

/// The plan for a module.
#[derive(Debug)]
pub(in crate::instrument) struct FlatPlan {
    /// The functions that uninstrumented code can call, and the index in `resumes` for each.
    entries: BTreeMap<FunctionIndex, usize>,
    /// Such functions without one, because no value can stand in for their results.
    refused: BTreeSet<FunctionIndex>,
    /// The result types of such functions. For each of these lists, there is a function that resumes.
    resumes: Vec<Vec<ValType>>,
    /// The type index of each function.
    types: FunctionMap<TypeIndex>,
    /// The function types, by type index.
    signatures: BTreeMap<TypeIndex, FuncType>,
    /// What each global for results holds.
    results: Vec<Slot>,
    kinds: Kinds,
    /// The functions in the table, in order.
    functions: Vec<Entry>,
    /// Their place.
    pub(in crate::instrument) table: Place,
    pub(super) stack: Option<Stack>,
    /// Whether exceptions may have to be passed on.
    pub(super) catches: bool,
    /// See [`entries::Entries::callers_check`].
    pub(in crate::instrument) callers_check: bool,
    /// The function that is called when a rewind has arrived at a call of our switch.
    pub(super) arrival: Option<Arrival>,
    pub(super) at: Beginnings,
    /// The first global that is added.
    first_global: GlobalIndex,
}

/// What a global for results can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Number(wasm_encoder::ValType),
    /// Any reference of this kind. The code that fetches it casts it.
    Reference(Kind),
}

/// A function that can be suspended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) function: FunctionIndex,
    /// Its type index.
    pub(super) ty: TypeIndex,
    /// The size of its frame, in bytes.
    pub(super) size: u32,
    /// Whether it may catch what its callee throws.
    pub(super) catches: bool,
}

/// The globals of our switch that say how far down a stack may grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack {
    /// The address that the stack pointer must not pass.
    pub(super) limit: GlobalIndex,
    /// The distance from the limit to what lies below the stack.
    pub(super) reserve: GlobalIndex,
}

/// The first indices of what is added.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::instrument) struct Beginnings {
    pub(in crate::instrument) function: u32,
    pub(in crate::instrument) ty: u32,
}

/// The functions that are always added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fixed {
    /// Returns the size of the frame of a function in the table, in bytes.
    FrameSize,
    /// Calls a function in the table, and saves its results.
    Enter,
    /// Resumes what is suspended, until it has returned or is suspended again.
    Dispatch,
}

pub(super) const FIXED: [Fixed; 3] = [Fixed::FrameSize, Fixed::Enter, Fixed::Dispatch];

/// The functions that are added after the fixed ones if exceptions are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Optional {
    /// Returns whether a function in the table may catch what its callee throws.
    Catches,
    /// Throws the exception that was caught.
    Throw,
}

pub(super) const OPTIONAL: [Optional; 2] = [Optional::Catches, Optional::Throw];

impl FlatPlan {
    /// Plans for a module before its functions are written.
    pub(in crate::instrument) fn new(module: &ModuleInfo<'_>, plan: &SuspendPlan) -> Result<Self> {
        let types = (0..).map(TypeIndex).zip(&module.types);
        let signatures: BTreeMap<_, _> = types
            .filter_map(|(index, _)| Some((index, module.function_type(index)?.clone())))
            .collect();
        let global = |name| module.global_names.get(name).copied();
        let stack = global(abi::STACK_LIMIT).zip(global(abi::STACK_RESERVE));
        let mut flat = Self {
            entries: BTreeMap::new(),
            refused: BTreeSet::new(),
            resumes: Vec::new(),
            types: module.signatures.clone(),
            signatures,
            results: Vec::new(),
            kinds: Kinds::read(module.bytes)?,
            functions: Vec::new(),
            table: Place::new(module)?,
            stack: stack.map(|(limit, reserve)| Stack { limit, reserve }),
            catches: has_try_table(module, plan)?,
            callers_check: false,
            arrival: None,
            at: Beginnings::default(),
            first_global: GlobalIndex::default(),
        };
        for function in &plan.functions {
            // A function with other results that can be suspended is refused later.
            let results = flat.signature(*function)?.results();
            let results: Vec<_> = results.iter().filter_map(|ty| flat.slot(*ty)).collect();
            for (at, slot) in results.iter().enumerate() {
                let before = results[..at].iter().filter(|other| *other == slot).count();
                if flat.results.iter().filter(|other| *other == slot).count() == before {
                    flat.results.push(*slot);
                }
            }
        }
        let entries = entries::of(module, plan)?;
        if entries.callers_check {
            flat.callers_check = true;
            flat.arrival = Arrival::find(module)?;
        }
        for function in entries.functions {
            let results = flat.signature(function)?.results().to_vec();
            if !results.iter().all(|ty| flat.can_be_resumed_for(*ty)) {
                flat.refused.insert(function);
                continue;
            }
            let known = flat.resumes.iter().position(|known| *known == results);
            let which = known.unwrap_or(flat.resumes.len());
            if known.is_none() {
                flat.resumes.push(results);
            }
            flat.entries.insert(function, which);
        }
        Ok(flat)
    }

    fn signature(&self, function: FunctionIndex) -> Result<&FuncType> {
        let ty = self.types.get(function).context("no such function")?;
        self.signature_of(*ty)
    }

    pub(super) fn signature_of(&self, ty: TypeIndex) -> Result<&FuncType> {
        self.signatures.get(&ty).context("a function without a type")
    }

    /// Puts a function into the table. Returns its index there.
    pub(super) fn add(&mut self, function: FunctionIndex, size: u32, catches: bool) -> Result<u32> {
        let ty = *self.types.get(function).context("no such function")?;
        self.functions.push(Entry { function, ty, size, catches });
        Ok(self.functions.len() as u32 - 1)
    }

    /// The functions in the table, in order.
    pub(super) fn functions(&self) -> &[Entry] {
        &self.functions
    }

    /// The function that resumes and has the same results as this function, if uninstrumented code can call this one.
    pub(in crate::instrument) fn resume_in(&self, function: FunctionIndex) -> Option<u32> {
        let which = self.entries.get(&function)?;
        Some(self.at.function + self.before_resumes() + *which as u32)
    }

    /// Whether uninstrumented code can call this function, but no rewind can begin in it.
    pub(in crate::instrument) fn is_refused(&self, function: FunctionIndex) -> bool {
        self.refused.contains(&function)
    }

    fn slot(&self, ty: ValType) -> Option<Slot> {
        match ty {
            ValType::Ref(reference) => self.kinds.kind(reference).map(Slot::Reference),
            _ => number(ty).map(Slot::Number),
        }
    }

    /// The kind of a reference that can be saved in a global; nothing for other types.
    pub(super) fn kind(&self, ty: ValType) -> Option<Kind> {
        match self.slot(ty)? {
            Slot::Reference(kind) => Some(kind),
            Slot::Number(_) => None,
        }
    }

    /// Whether a function in which a rewind begins can have this result. It returns some value also if it is
    /// suspended again.
    fn can_be_resumed_for(&self, ty: ValType) -> bool {
        self.slot(ty).is_some() && !is_non_null(ty)
    }

    /// The result types of each function that resumes.
    pub(super) fn resumes(&self) -> &[Vec<ValType>] {
        &self.resumes
    }

    /// The number of functions that are added. Each has a type of its own.
    pub(in crate::instrument) fn count(&self) -> u32 {
        self.arrive() + u32::from(self.arrival.is_some())
    }

    /// How many functions are added before the one for arrivals, if there is one.
    fn arrive(&self) -> u32 {
        self.before_resumes() + self.resumes.len() as u32
    }

    /// The function that is called instead of a topmost function when a rewind has arrived there; nothing if the
    /// topmost function itself is called.
    pub(super) fn arrive_in(&self, function: FunctionIndex) -> Option<u32> {
        let is_it = self.arrival.as_ref().is_some_and(|it| it.suspend == function);
        is_it.then(|| self.at.function + self.arrive())
    }

    fn before_resumes(&self) -> u32 {
        let optional = if self.catches { OPTIONAL.len() } else { 0 };
        (FIXED.len() + optional) as u32
    }

    /// Sets the first indices of what is added, and adds the globals.
    pub(in crate::instrument) fn place(
        &mut self,
        at: Beginnings,
        runtime: Runtime,
        globals: &mut Globals,
    ) -> Result<()> {
        self.at = at;
        let mut add = |ty, value, name: &str| {
            let ty = GlobalType { val_type: ty, mutable: true, shared: false };
            globals.add(ty, value, format!("asyncify_{name}"))
        };
        let null = match runtime.memory64 {
            true => ConstExpr::i64_const(0),
            false => ConstExpr::i32_const(0),
        };
        self.first_global = add(runtime.address(), null, "frame");
        if self.catches {
            let none = ConstExpr::ref_null(RefType::EXNREF.heap_type);
            add(wasm_encoder::ValType::EXNREF, none, "exception");
        }
        for (number, slot) in self.results.iter().enumerate() {
            use wasm_encoder::ValType as Written;
            let (ty, zero) = match *slot {
                Slot::Reference(kind) => (kind.ty(), ConstExpr::ref_null(kind.heap())),
                Slot::Number(ty) => match ty {
                    Written::I32 => (ty, ConstExpr::i32_const(0)),
                    Written::I64 => (ty, ConstExpr::i64_const(0)),
                    Written::F32 => (ty, ConstExpr::f32_const(0.0.into())),
                    Written::F64 => (ty, ConstExpr::f64_const(0.0.into())),
                    _ => (ty, ConstExpr::v128_const(0)),
                },
            };
            add(ty, zero, &format!("result_{number}"));
        }
        Ok(())
    }

    pub(super) fn fixed(&self, which: Fixed) -> u32 {
        self.at.function + which as u32
    }

    /// A function that is added only if exceptions are passed on.
    pub(super) fn optional(&self, which: Optional) -> Result<u32> {
        let index = self.at.function + FIXED.len() as u32 + which as u32;
        self.catches.then_some(index).context("nobody passes an exception on")
    }

    /// The global with the exception that was caught, if exceptions are passed on.
    pub(super) fn exception(&self) -> GlobalIndex {
        self.first_global.plus(1)
    }

    /// The global in which the dispatcher passes the address of a frame.
    pub(super) fn frame(&self) -> GlobalIndex {
        self.first_global
    }

    /// The globals in which these results are saved.
    pub(super) fn globals(&self, results: &[ValType]) -> Result<Vec<GlobalIndex>> {
        let slots: Option<Vec<_>> = results.iter().map(|ty| self.slot(*ty)).collect();
        let slots = slots.context("a result that cannot be put aside")?;
        let global = |(at, slot): (usize, &Slot)| {
            let before = slots[..at].iter().filter(|other| *other == slot).count();
            let first = self.first_global.plus(1 + u32::from(self.catches));
            let those = (0..).map(|number| first.plus(number)).zip(&self.results);
            let mut those = those.filter(|(_, other)| *other == slot);
            those.nth(before).map(|(global, _)| global).context("no global for a result")
        };
        slots.iter().enumerate().map(global).collect()
    }
}

/// Whether any of the functions has a `try_table`.
fn has_try_table(module: &ModuleInfo<'_>, plan: &SuspendPlan) -> Result<bool> {
    for (function, body) in module.bodies() {
        if !plan.functions.contains(&function) {
            continue;
        }
        for operator in body.get_operators_reader()? {
            if matches!(operator?, Operator::TryTable { .. }) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Converts a type that can be saved in a global to `wasm_encoder`'s.
pub(super) fn written(ty: ValType) -> Result<wasm_encoder::ValType> {
    let written = match ty {
        ValType::Ref(reference) => types::written(reference).map(wasm_encoder::ValType::Ref),
        _ => number(ty),
    };
    written.context("a result of a type that is not known")
}

/// Converts a type of numbers to `wasm_encoder`'s.
fn number(ty: ValType) -> Option<wasm_encoder::ValType> {
    match ty {
        ValType::I32 => Some(wasm_encoder::ValType::I32),
        ValType::I64 => Some(wasm_encoder::ValType::I64),
        ValType::F32 => Some(wasm_encoder::ValType::F32),
        ValType::F64 => Some(wasm_encoder::ValType::F64),
        ValType::V128 => Some(wasm_encoder::ValType::V128),
        ValType::Ref(_) => None,
    }
}
