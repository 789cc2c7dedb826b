//! Rewrites the module: removes the imports, and adds the functions, types, table and tag for continuations.

use core::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    ConstExpr, ContType, FuncType, Function, GlobalType, HeapType, RefType, TableType, TagKind,
    TagType, ValType,
};
use wasmparser::{FunctionBody, Validator, WasmFeatures};

use super::code::{NONE, Writer};
use super::layout::{FUNCTIONS, GLOBALS, Layout, TABLE, TAG};
use crate::debug::{Recorder, Trail};
use crate::error::{self, Context};
use crate::module::{
    self, Added, AddedFunction, AddedGlobal, AddedTable, AddedTag, AddedType, FunctionIndex,
    ModuleInfo, Rewrite, TypeIndex,
};
use crate::options::Lowering;

/// The module with this layout.
pub(super) fn write(
    module: &ModuleInfo<'_>,
    layout: &Layout,
    trail: &mut Trail,
) -> error::Result<Vec<u8>> {
    let mut rewriter = Rewriter { layout, code: Writer(layout) };
    let added = additions(layout);
    let written = module::write(module, &mut rewriter, added, trail)
        .context("cannot make continuations of its coroutines")?;
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(&written)
        .context("the module with continuations is not valid")?;
    Ok(written)
}

/// What is added, in the layout's order.
fn additions(layout: &Layout) -> Added {
    let code = Writer(layout);
    let continuation =
        RefType { nullable: false, heap_type: HeapType::Concrete(layout.continuation()) };
    let function = |parameters: &[ValType], results: &[ValType]| {
        AddedType::Function(FuncType::new(parameters.to_vec(), results.to_vec()))
    };
    let address = layout.address();
    let null = match layout.memory64 {
        true => ConstExpr::i64_const(0),
        false => ConstExpr::i32_const(0),
    };
    let variable = |val_type| GlobalType { val_type, mutable: true, shared: false };
    let heap_type = HeapType::Concrete(layout.worker_type());
    let worker = ValType::Ref(RefType { nullable: false, heap_type });
    let globals = [
        (variable(ValType::I32), ConstExpr::i32_const(NONE)),
        (variable(address), null.clone()),
        (variable(address), null),
        (
            GlobalType { val_type: worker, mutable: false, shared: false },
            ConstExpr::ref_func(layout.worker()),
        ),
    ];
    let functions = [(layout.run_type(), code.run()), (layout.worker_type(), code.worker())];
    let element_type = code.continuation();
    let ty = TableType { element_type, table64: false, minimum: 0, maximum: None, shared: false };
    Added {
        types: vec![
            function(&[ValType::I32], &[]),
            AddedType::Continuation(ContType(layout.worker_type())),
            function(&[ValType::I32], &[ValType::I32]),
            function(&[], &[ValType::I32, ValType::Ref(continuation)]),
            function(&[address, ValType::F32, address], &[ValType::I32]),
        ],
        functions: FUNCTIONS
            .into_iter()
            .zip(functions)
            .map(|(name, (ty, code))| AddedFunction {
                name: name.to_owned(),
                ty: TypeIndex(ty),
                code,
            })
            .collect(),
        tables: vec![AddedTable { name: Some(TABLE.to_owned()), ty }],
        tags: vec![AddedTag {
            name: TAG,
            ty: TagType { kind: TagKind::Exception, func_type_idx: layout.tag_type() },
        }],
        globals: GLOBALS
            .into_iter()
            .zip(globals)
            .map(|(name, (ty, value))| AddedGlobal { name: name.to_owned(), ty, value })
            .collect(),
        features: Lowering::StackSwitching.features().to_vec(),
        ..Added::default()
    }
}

struct Rewriter<'a> {
    layout: &'a Layout,
    code: Writer<'a>,
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.layout.new_index(FunctionIndex(function)))
    }
}

impl Rewrite for Rewriter<'_> {
    fn removes(&self, function: FunctionIndex) -> bool {
        self.layout.removed.contains_key(&function)
    }

    /// Writes the functions of the switch. The build script encodes these, so DWARF has no lines for them.
    fn body(
        &mut self,
        function: FunctionIndex,
        body: &FunctionBody<'_>,
        _: &mut Recorder,
    ) -> Result<Option<Function>, Error> {
        if !self.layout.is_switch(function) {
            return Ok(None);
        }
        let mut new = self.new_function_with_parsed_locals(body)?;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            match self.code.in_place_of(function, &operator) {
                Some(instead) => {
                    for instruction in &instead {
                        new.instruction(instruction);
                    }
                }
                None => {
                    new.instruction(&self.instruction(operator)?);
                }
            }
        }
        Ok(Some(new))
    }
}
