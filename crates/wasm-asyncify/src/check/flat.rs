//! Where functions are resumed one by one: what the dispatcher passes to a function, and what it finds in its
//! frame.
//!
//! A frame begins with a number. A table has, at that index, the function that the frame belongs to. One added
//! function returns the size of such a frame; another calls the function, and saves its results. All of that is
//! found and proved here. How the dispatcher goes from frame to frame is not proved: that code is the same in
//! all modules, and tests run it.
//!
//! The added globals, in order: the state; the argument of `start_*`; the address after the number in the frame
//! that is resumed; the exception, if any; results, for each type in order.

use std::collections::BTreeSet;

use wasmparser::{AbstractHeapType, HeapType, Operator, RefType, UnpackedIndex, ValType};

use super::arrival::Arrival;
use super::dispatcher;
use super::machine::{Activation, Added, Machine, Program};
use super::module::{Module, element_parts};
use super::operators::Op;
use super::protocol::FRAME;
use super::search::Stack;
use super::table;
use super::thrown::{self, Thrown};
use super::values::{Constant, Value, Values};
use super::wrong::Wrong;
use crate::error::Failure;

/// What was found about the dispatcher.
#[derive(Debug, Default)]
pub(super) struct Flat {
    /// By number: the function, and the size of its frame in bytes.
    functions: Vec<(u32, i64)>,
    /// The functions that are called when their callee has thrown.
    catching: BTreeSet<u32>,
    /// The functions that pass exceptions on, if any do.
    pub(super) thrown: Option<Thrown>,
    /// The first of the added globals in which results are saved.
    first_result: usize,
    /// The types of the globals in which results are saved.
    results: Vec<ValType>,
    /// By type index: whether it is a function type.
    of_functions: Vec<bool>,
    /// The functions that resume. Their code is not run where they are called.
    pub(super) dispatcher: BTreeSet<u32>,
    /// Those of them that are called where a rewind begins. They return the results of what was resumed.
    pub(super) resumes: BTreeSet<u32>,
    /// The function that may be called at the end of a rewind, and the function that it replaces.
    pub(super) arrival: Option<Arrival>,
    /// The globals with which it lowers the limit of the stack.
    pub(super) stack: Option<Stack>,
}

impl Flat {
    /// Finds the dispatcher of a module, and proves that it finds what belongs to a frame.
    pub(super) fn find(
        before: &Module<'_>,
        now: &Module<'_>,
        added: &Added<'_>,
        arrival: Option<Arrival>,
    ) -> Result<Self, Failure<Wrong>> {
        let table = table::find(before, now)?;
        let elements = now.elements.last().map(element_parts).transpose()?;
        let in_table = elements.into_iter().flat_map(|(_, _, items)| items);
        let in_table: Vec<_> = in_table
            .filter_map(|item| match item[..] {
                [Operator::RefFunc { function_index }, Operator::End] => Some(function_index),
                _ => None,
            })
            .collect();
        let thrown = thrown::find(added);
        // The state, the argument of `start_*`, the frame and the exception come before.
        let first_result = FRAME + 1 + usize::from(thrown.is_some());
        let results = added.globals.iter().skip(first_result);
        let own = |global: &u32| &now.globals[(global - now.imported_globals) as usize];
        let mut flat = Self {
            thrown,
            first_result,
            results: results.map(|global| own(global).ty.content_type).collect(),
            of_functions: now.are_of_functions(),
            ..Self::default()
        };
        let calls = |function: &u32, is_it: &dyn Fn(&Operator<'_>) -> bool| {
            added.functions[function].steps.iter().any(|step| is_it(&step.operator))
        };
        let all: Vec<_> = added.functions.keys().copied().collect();
        let wrong = |what: &str| Wrong::new(format!("{what} of the dispatcher is missing"));
        let of_table = |it: &Operator<'_>| matches!(it, Operator::CallIndirect { table_index, .. } if *table_index == table.index);
        let enter = all.iter().find(|it| calls(it, &of_table));
        // If no function saves a frame, `enter` calls none, but it still has a branch on the number.
        let looks = |it: &&u32| calls(it, &|it| matches!(it, Operator::BrTable { .. }));
        // The function that returns sizes has one, too, and comes first.
        let second = || all.iter().filter(looks).nth(1).filter(|_| in_table.is_empty());
        let enter = enter.or_else(second);
        let enter = *enter.ok_or_else(|| wrong("what calls the functions"))?;
        let calls_one = |it: &u32, one: u32| {
            calls(
                it,
                &|it| matches!(it, Operator::Call { function_index } if *function_index == one),
            )
        };
        let dispatch = all.iter().find(|it| calls_one(it, enter));
        let dispatch = *dispatch.ok_or_else(|| wrong("what goes from frame to frame"))?;
        flat.resumes = all.iter().filter(|it| calls_one(it, dispatch)).copied().collect();
        let mut others = all.iter().filter(|it| **it != enter && calls_one(&dispatch, **it));
        let frame_size = *others.next().ok_or_else(|| wrong("what tells sizes"))?;
        let uses = dispatcher::Uses { added, frame_size, enter, thrown: flat.thrown };
        flat.stack = dispatcher::check(&added.functions[&dispatch], &uses)?;
        flat.check_resumes(dispatch, now, added)?;
        flat.dispatcher = [enter, dispatch, frame_size].into();
        flat.dispatcher.extend(&flat.resumes);
        flat.arrival = arrival;
        flat.dispatcher.extend(arrival.map(|it| it.arrive));
        if let Some(thrown) = flat.thrown {
            thrown::check(&added.functions[&thrown.throw], added)?;
            flat.dispatcher.extend([thrown.catches, thrown.throw]);
        }
        for (number, function) in in_table.into_iter().enumerate() {
            let size = size_of(number as u32, frame_size, added)?;
            flat.functions.push((function, size));
            if let Some(thrown) = flat.thrown
                && said_of(number as u32, thrown.catches, added)? == Some(Constant::I32(1))
            {
                flat.catching.insert(function);
            }
            flat.check_entered(number as u32, enter, table, now, added)?;
        }
        Ok(flat)
    }

    /// Checks that each function that resumes calls the dispatcher, and then returns the saved results, or
    /// zeros if it is suspended again.
    fn check_resumes(
        &self,
        dispatch: u32,
        now: &Module<'_>,
        added: &Added<'_>,
    ) -> Result<(), Wrong> {
        for function in &self.resumes {
            let wrong = || Wrong::new(format!("function {function} does not resume rightly"));
            let ty = now.functions.get((function - now.imported()) as usize);
            let types = ty.and_then(|ty| now.function_type(*ty)).ok_or_else(wrong)?.results();
            let mut expected = vec![Operator::Call { function_index: dispatch }];
            for (ty, global) in types.iter().zip(self.globals(types)?) {
                let held = self.held(*ty).ok_or_else(wrong)?;
                let zero = match held {
                    ValType::I32 => Operator::I32Const { value: 0 },
                    ValType::I64 => Operator::I64Const { value: 0 },
                    ValType::F32 => Operator::F32Const { value: 0.0.into() },
                    ValType::F64 => Operator::F64Const { value: 0.0.into() },
                    ValType::V128 => Operator::V128Const { value: 0_i128.into() },
                    ValType::Ref(reference) => Operator::RefNull { hty: reference.heap_type() },
                };
                let (global_index, state) = (added.globals[global], added.globals[0]);
                expected.push(zero.clone());
                expected.push(Operator::GlobalGet { global_index });
                expected.push(Operator::GlobalGet { global_index: state });
                let ValType::Ref(reference) = *ty else {
                    expected.push(Operator::Select);
                    continue;
                };
                expected.push(Operator::TypedSelect { ty: held });
                // Null is a value of each nullable type.
                match (reference.is_nullable(), held == *ty) {
                    (false, _) => return Err(wrong()),
                    (true, true) => {}
                    (true, false) => {
                        expected.push(Operator::RefCastNullable { hty: reference.heap_type() });
                    }
                }
                expected.push(zero);
                expected.push(Operator::GlobalSet { global_index });
            }
            expected.push(Operator::End);
            let code = added.functions[function].steps.iter();
            if !code.map(|step| &step.operator).eq(&expected) {
                return Err(wrong());
            }
        }
        Ok(())
    }

    /// Checks that a function's frame has its number and the size that the dispatcher assumes.
    pub(super) fn check_frame(
        &self,
        function: u32,
        number: Option<Constant>,
        size: i64,
    ) -> Result<(), Wrong> {
        let Some(Constant::I32(number)) = number else {
            return Err(Wrong::new("its frame does not begin with a number"));
        };
        match self.functions.get(number as usize) {
            Some((other, known)) if *other == function && *known == size => Ok(()),
            Some((other, known)) => Err(Wrong::new(format!(
                "its frame of {size} bytes begins with number {number}, which is that of function \
                 {other} and of {known} bytes"
            ))),
            None => Err(Wrong::new(format!("its frame begins with {number}, which is nobody's"))),
        }
    }

    /// The number and the size in bytes of a function's frames, if it saves any.
    pub(super) fn frame_of(&self, function: u32) -> Option<(u32, i64)> {
        let mut all = (0..).zip(&self.functions);
        all.find(|(_, (other, _))| *other == function).map(|(number, (_, size))| (number, *size))
    }

    /// Whether `other` is called instead of `call` at the end of a rewind.
    pub(super) fn arrives(&self, call: &Operator<'_>, other: &Operator<'_>) -> bool {
        self.arrival.is_some_and(|arrival| arrival.is_called(call, other))
    }

    /// Whether a function is called when its callee has thrown.
    pub(super) fn catches(&self, function: u32) -> bool {
        self.catching.contains(&function)
    }

    /// The added global in which each of these results is saved.
    pub(super) fn globals(&self, results: &[ValType]) -> Result<Vec<usize>, Wrong> {
        let missing = || Wrong::new("there is no global for a result");
        let held: Option<Vec<_>> = results.iter().map(|ty| self.held(*ty)).collect();
        let held = held.ok_or_else(missing)?;
        let global = |(at, ty): (usize, &ValType)| {
            let before = held[..at].iter().filter(|other| *other == ty).count();
            let mut those =
                (self.first_result..).zip(&self.results).filter(|(_, other)| *other == ty);
            those.nth(before).map(|(global, _)| global).ok_or_else(missing)
        };
        held.iter().enumerate().map(global).collect()
    }

    /// The type of the global in which a value of this type is saved. For a reference it is the top type of its
    /// hierarchy.
    fn held(&self, ty: ValType) -> Option<ValType> {
        let ValType::Ref(reference) = ty else { return Some(ty) };
        use AbstractHeapType as Heap;
        let top = match reference.heap_type() {
            HeapType::Abstract { shared: false, ty } => match ty {
                Heap::Extern | Heap::NoExtern => Heap::Extern,
                Heap::Func | Heap::NoFunc => Heap::Func,
                Heap::Exn | Heap::NoExn => Heap::Exn,
                Heap::Cont | Heap::NoCont => return None,
                _ => Heap::Any,
            },
            HeapType::Concrete(UnpackedIndex::Module(index)) => {
                match self.of_functions.get(index as usize)? {
                    true => Heap::Func,
                    false => Heap::Any,
                }
            }
            _ => return None,
        };
        let top = RefType::new(true, HeapType::Abstract { shared: false, ty: top })?;
        Some(ValType::Ref(top))
    }

    /// Checks that a function is called by its number, and its results are saved.
    fn check_entered(
        &self,
        number: u32,
        enter: u32,
        table: table::Place,
        now: &Module<'_>,
        added: &Added<'_>,
    ) -> Result<(), Wrong> {
        let mut values = Values::default();
        let mut machine = begin(enter, number, added, &mut values);
        let code = &added.functions[&enter];
        let program = Program { code, added: Some(added) };
        machine.run(&program, &mut values)?;
        let step = &code.steps[machine.function.at];
        let wrong =
            || Wrong::new(format!("the dispatcher does not call function {number} rightly"));
        let Operator::CallIndirect { type_index, table_index } = step.operator else {
            return Err(wrong());
        };
        let function = self.functions.last().map(|(function, _)| *function);
        let ty =
            function.and_then(|it| now.functions.get(it.checked_sub(now.imported())? as usize));
        let called = machine.function.take(step.operands)?.last().copied();
        let is_right = table_index == table.index
            && ty == Some(&type_index)
            && called.and_then(|it| values.as_constant(it))
                == Some(Constant::I32(table.first + number));
        let Some(ty) = now.function_type(type_index).filter(|_| is_right) else {
            return Err(wrong());
        };
        let results = values.unknowns(step.results);
        machine.function.stack.extend(results.iter().map(|it| super::values::Operand::from(*it)));
        machine.function.at += 1;
        machine.run(&program, &mut values)?;
        let put_aside = self.globals(ty.results())?.into_iter().map(|it| machine.globals[it]);
        let is_over = matches!(code.steps[machine.function.at].op, Op::Return);
        if is_over && put_aside.eq(results) { Ok(()) } else { Err(wrong()) }
    }
}

/// An added function of the dispatcher, before it is run for this number.
fn begin(function: u32, number: u32, added: &Added<'_>, values: &mut Values) -> Machine {
    let number = values.constant(Constant::I32(number));
    let function = Activation::begin(&added.functions[&function], vec![number], values);
    let globals = values.unknowns(added.globals.len());
    Machine { function, globals, is_alone: true, ..Machine::default() }
}

/// The size of a frame with this number, according to the dispatcher.
fn size_of(number: u32, frame_size: u32, added: &Added<'_>) -> Result<i64, Wrong> {
    match said_of(number, frame_size, added)? {
        Some(Constant::I32(size)) => Ok(size.into()),
        Some(Constant::I64(size)) => Ok(size.cast_signed()),
        _ => Err(Wrong::new(format!("the dispatcher knows no size of frames of number {number}"))),
    }
}

/// The constant that an added function of the dispatcher returns for this number.
fn said_of(number: u32, function: u32, added: &Added<'_>) -> Result<Option<Constant>, Wrong> {
    let mut values = Values::default();
    let mut machine = begin(function, number, added, &mut values);
    let code = &added.functions[&function];
    machine.run(&Program { code, added: Some(added) }, &mut values)?;
    let returned = matches!(code.steps[machine.function.at].op, Op::Return);
    let said: Option<Value> = machine.function.stack.last().map(|it| it.value).filter(|_| returned);
    Ok(said.and_then(|it| values.as_constant(it)))
}
