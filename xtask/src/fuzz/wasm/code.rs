//! Random code for the functions of a program.

use core::fmt::Write as _;

use super::memory::Memory;
use super::sections::Address;
use super::shape::{Kind, Shape, Slot};
use crate::fuzz::random::Random;

/// The deepest nesting of blocks.
const NESTING: usize = 2;
/// The deepest nesting of calls in coroutines: some have a hundred frames.
const DEPTHS: [usize; 4] = [4, 9, 9, 100];
/// In one of this many places a panic is likely, which ends the program; in the others it is rare.
const PANICS: usize = 4;

/// Writes the functions of a program.
pub(super) struct Writer<'a> {
    pub(super) shape: &'a Shape,
    pub(super) memory: &'a Memory,
    /// The program's number, which distinguishes its names from those of others.
    pub(super) number: usize,
    /// Whether other functions may be put into the table.
    pub(super) changes_table: bool,
    /// Whether exceptions are thrown.
    pub(super) throws: bool,
    pub(super) random: &'a mut Random,
    /// The addresses in the code.
    pub(super) in_code: Vec<Address>,
    text: String,
    /// The variables of the function that is being written.
    variables: Vec<(Kind, String)>,
    pub(super) is_quiet: bool,
    pub(super) waits: bool,
    /// The function pointer type that most of the current code uses.
    pub(super) focus: Option<usize>,
    /// The number of the last numbered place.
    place: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        shape: &'a Shape,
        memory: &'a Memory,
        number: usize,
        changes_table: bool,
        throws: bool,
        random: &'a mut Random,
    ) -> Self {
        Self {
            shape,
            memory,
            number,
            changes_table,
            throws,
            random,
            in_code: Vec::new(),
            text: String::new(),
            variables: Vec::new(),
            is_quiet: false,
            waits: false,
            focus: None,
            place: 0,
        }
    }

    /// The text of all functions, and the addresses in it.
    pub(super) fn finish(mut self) -> (String, Vec<Address>) {
        for index in 0..self.shape.functions.len() {
            self.function(index);
        }
        self.panic();
        self.entry();
        self.run();
        (self.text, self.in_code)
    }

    fn function(&mut self, index: usize) {
        let function = &self.shape.functions[index];
        let type_index = function.type_index;
        let name = format!("{}f{index}", self.prefix());
        let symbol = &function.name;
        self.is_quiet = function.is_quiet;
        self.waits = function.waits;
        let header = self.header(type_index);
        self.line(&format!("(func ${name} (@name \"{symbol}\") {header}"));
        self.locals();
        self.line(&format!(
            "(local.set $d (call $enter (i32.const {}) (local.get $d)))",
            self.memory.base
        ));
        self.set_locals();
        let result = self.result(type_index);
        self.line(&format!("(if (i32.le_s (local.get $d) (i32.const 0)) (then {result}))"));
        if self.waits {
            self.wait();
        }
        if !self.is_quiet && self.random.percent(40) {
            self.tangle(NESTING);
        } else {
            let statements = 1 + self.random.below(4);
            self.statements(statements, NESTING);
        }
        self.line(&format!("{result})"));
    }

    /// `(return …)` for a function with this type.
    fn result(&self, type_index: usize) -> String {
        let results = &self.shape.types[type_index].results;
        let values: Vec<String> =
            results.iter().map(|kind| format!("(local.get ${})", self.local(*kind))).collect();
        format!("(return {})", values.join(" "))
    }

    /// The end of every panic: then no coroutine is current, and it never returns.
    fn panic(&mut self) {
        let prefix = self.prefix();
        (self.is_quiet, self.waits) = (false, false);
        let header = self.header(0);
        self.line(&format!(
            "(func ${prefix}panic (@name \"rust_begin_unwind::<{prefix}>\") {header}"
        ));
        self.locals();
        self.line("(global.set $current (i32.const 0))");
        self.set_locals();
        // An exception that left it would be caught by code that is to be in a coroutine.
        self.catching_all(|it| it.statements(3, 0));
        self.line("(unreachable))");
    }

    /// The coroutine's own function, which `$resume` calls.
    fn entry(&mut self) {
        let prefix = self.prefix();
        self.line(&format!("(func ${prefix}entry (type $entry)"));
        self.variables.clear();
        self.locals();
        self.line("(local $d i32) (local $v i32)");
        // Some wait themselves: then theirs may be the only frame.
        (self.is_quiet, self.waits) = (false, self.random.percent(50));
        let depth = *self.random.pick(&DEPTHS);
        self.line(&format!("(local.set $d (i32.const {depth}))"));
        self.set_locals();
        for coroutine in 0..self.shape.coroutines {
            self.line(&format!(
                "(if (i32.eq (i32.load offset=16 (local.get 0)) (i32.const {coroutine})) (then"
            ));
            self.start_catching();
            self.line("))");
        }
        self.line("(i32.const 1))");
    }

    /// The function that the host calls: an executor.
    fn run(&mut self) {
        let (prefix, base) = (self.prefix(), self.memory.base);
        let (number, coroutines) = (self.number, self.shape.coroutines);
        let entry = self.memory.first_entry + self.memory.table.len() as u32;
        self.variables.clear();
        self.line(&format!("(func ${prefix}run (export \"run {number}\") (param $v i32)"));
        self.locals();
        self.line("(local $d i32) (local $count i32)");
        self.line("(local.set $d (i32.const 5))");
        self.set_locals();
        self.line(&format!("(call $begin (i32.const {base}) (local.get $v))"));
        for coroutine in 0..coroutines {
            let core = self.memory.coroutine(coroutine);
            let (start, end) = self.memory.frames(coroutine);
            for (offset, word) in
                [(0, start), (4, end), (8, entry), (12, 0), (16, coroutine as u32)]
            {
                self.line(&format!(
                    "(i32.store offset={offset} (i32.const {core}) (i32.const {word}))"
                ));
            }
        }
        (self.is_quiet, self.waits) = (false, false);
        self.copy_lookalikes();
        self.catching_all(Self::outside_call);
        self.line("(local.set $count (i32.const 3000))");
        self.line("(block $done (loop $again");
        let mut all = "(i32.const 1)".to_owned();
        for coroutine in 0..coroutines {
            let core = self.memory.coroutine(coroutine);
            let poll = format!("(call $poll (i32.const {core}))");
            let condition = self.condition();
            self.line(&format!("(if {condition} (then"));
            self.catching_all(|it| it.line(&poll));
            self.line("))");
            all = format!(
                "(i32.and {all} (i32.eq (i32.const 5) (i32.load offset=12 (i32.const {core}))))"
            );
        }
        self.line(&format!("(br_if $done {all})"));
        self.line("(br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))");
        self.catching_all(Self::outside_call);
        self.line("(call $trace (local.get $count)))");
    }

    /// A call of a function that coroutines never call.
    fn outside_call(&mut self) {
        let all = self.shape.functions.iter().enumerate();
        let outside = all.filter(|(_, function)| function.is_outside).map(|(index, _)| index);
        let outside: Vec<usize> = outside.collect();
        if !outside.is_empty() {
            let function = *self.random.pick(&outside);
            self.call(function);
        }
    }

    pub(super) fn statements(&mut self, count: usize, nesting: usize) {
        for _ in 0..count {
            self.statement(nesting);
        }
    }

    pub(super) fn prefix(&self) -> String {
        format!("p{}", self.number)
    }

    /// Begins a function: returns its type and parameters.
    fn header(&mut self, type_index: usize) -> String {
        let parameters = &self.shape.types[type_index].parameters;
        self.variables = vec![(Kind::Number, "d".to_owned()), (Kind::Number, "v".to_owned())];
        let named = parameters.iter().enumerate().map(|(at, kind)| (*kind, format!("a{at}")));
        self.variables.extend(named);
        let mut header = format!("(type ${}t{type_index})", self.prefix());
        for (_, name) in &self.variables {
            let _ = write!(header, " (param ${name} i32)");
        }
        for (at, marker) in markers(self.number).into_iter().enumerate() {
            let _ = write!(header, " (param $m{at} {marker})");
        }
        for _ in &self.shape.types[type_index].results {
            header.push_str(" (result i32)");
        }
        header
    }

    /// Declares the locals of every function: one for each kind, and some more.
    fn locals(&mut self) {
        let kinds = self.own_locals();
        let mut line = String::from("(local $long i64)");
        for counter in 0..=NESTING {
            let _ = write!(line, " (local $i{counter} i32)");
        }
        if self.throws {
            line.push_str(" (local $exception exnref)");
        }
        for kind in kinds {
            let name = self.local(kind);
            let _ = write!(line, " (local ${name} i32)");
            self.variables.push((kind, name));
        }
        self.line(&line);
    }

    /// Sets each of these locals to a value of its kind.
    fn set_locals(&mut self) {
        for kind in self.own_locals() {
            let value = self.simple(kind);
            self.line(&format!("(local.set ${} {value})", self.local(kind)));
        }
    }

    /// The kinds for which each function has a local.
    fn own_locals(&self) -> Vec<Kind> {
        let mut kinds = vec![Kind::Number];
        for of_trait in 0..self.shape.traits.len() {
            kinds.extend([Kind::Fat(of_trait), Kind::Vtable(of_trait)]);
        }
        kinds.extend(self.shape.pointer_types().into_iter().map(Kind::Pointer));
        kinds.extend((1..self.shape.types.len()).map(Kind::Callable));
        kinds
    }

    /// The local with this kind.
    pub(super) fn local(&self, kind: Kind) -> String {
        match kind {
            Kind::Number => "number".to_owned(),
            Kind::Fat(of_trait) => format!("fat{of_trait}"),
            Kind::Vtable(of_trait) => format!("vtable{of_trait}"),
            Kind::Pointer(type_index) => format!("pointer{type_index}"),
            Kind::Callable(type_index) => format!("callable{type_index}"),
        }
    }

    /// A value without variables.
    fn simple(&self, kind: Kind) -> String {
        match kind {
            Kind::Number => "(local.get $v)".to_owned(),
            Kind::Fat(of_trait) => {
                format!("(i32.const {})", self.memory.fats[of_trait].address)
            }
            Kind::Vtable(of_trait) => {
                format!("(i32.load offset=4 (i32.const {}))", self.memory.fats[of_trait].address)
            }
            Kind::Pointer(type_index) => {
                format!("(i32.load (i32.const {}))", self.memory.pointers[&type_index].address)
            }
            Kind::Callable(type_index) => {
                let methods = self.slots(Slot::Method(type_index));
                let Some((of_trait, offset)) = methods.first() else {
                    return self.simple(Kind::Pointer(type_index));
                };
                let vtable = self.simple(Kind::Vtable(*of_trait));
                format!("(i32.load offset={offset} {vtable})")
            }
        }
    }

    /// All variables of this kind.
    pub(super) fn variables(&self, kind: Kind) -> Vec<String> {
        let meant = self.variables.iter().filter(|(other, _)| *other == kind);
        meant.map(|(_, name)| name.clone()).collect()
    }

    /// A number that is unique in the program.
    pub(super) fn next_place(&mut self) -> usize {
        self.place += 1;
        self.place
    }

    pub(super) fn is_rare(&mut self) -> bool {
        self.random.below(PANICS) == 0
    }

    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Parameters that distinguish the types of one program from those of all others in its module, so that the analysis
/// of one program does not depend on another.
pub(super) fn markers(number: usize) -> [&'static str; 3] {
    [1, 3, 9].map(|place| ["i64", "f32", "f64"][number / place % 3])
}
