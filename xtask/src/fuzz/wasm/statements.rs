//! Random statements.

use super::code::{Writer, markers};
use super::shape::{DROP, Kind, Taken};

impl Writer<'_> {
    pub(super) fn statement(&mut self, nesting: usize) {
        if self.throws && self.focus.is_none() && self.random.percent(20) {
            return self.about_exceptions(nesting);
        }
        let choices = match self.focus {
            Some(type_index) if self.random.percent(60) => return self.about_callable(type_index),
            // No other calls.
            Some(_) => 15..20,
            None => 0..20,
        };
        match choices.start + self.random.below(choices.len()) {
            0 | 1 => self.trace(),
            2..=5 => self.assign(),
            6 | 7 => self.direct_call(),
            8..=11 => self.indirect_call(),
            12 | 13 if self.waits => self.wait(),
            12 | 13 => self.trace(),
            14 => self.other(),
            _ if nesting == 0 => self.trace(),
            15 => self.branch(nesting - 1),
            16 if !self.is_quiet && self.focus.is_none() => self.tangle(nesting),
            16 => self.repeat(nesting - 1),
            17 => self.repeat(nesting - 1),
            18 => self.switch(nesting - 1),
            _ => self.block(nesting - 1),
        }
    }

    /// Traces the value of some variable, which also shows that this place was reached.
    pub(super) fn trace(&mut self) {
        let place = self.next_place() * 65_536;
        let value = self.value(Kind::Number);
        self.line(&format!("(call $trace (i32.add (i32.const {place}) {value}))"));
    }

    fn assign(&mut self) {
        let kind = self.any_kind();
        let value = self.value(kind);
        self.line(&format!("(local.set ${} {value})", self.local(kind)));
    }

    fn any_kind(&mut self) -> Kind {
        let (types, traits) = (self.shape.types.len(), self.shape.traits.len());
        let pointers = self.shape.pointer_types();
        match self.random.below(8) {
            0 => Kind::Fat(self.random.below(traits)),
            1 | 2 => Kind::Vtable(self.random.below(traits)),
            3 if !pointers.is_empty() => Kind::Pointer(*self.random.pick(&pointers)),
            4 => Kind::Number,
            _ => Kind::Callable(1 + self.random.below(types - 1)),
        }
    }

    pub(super) fn direct_call(&mut self) {
        let functions = self.shape.functions.iter().enumerate();
        let is_quiet = self.is_quiet;
        let possible: Vec<usize> = functions
            .filter(|(_, callee)| !callee.is_outside && (callee.is_quiet || !is_quiet))
            .map(|(index, _)| index)
            .collect();
        if !possible.is_empty() {
            let callee = *self.random.pick(&possible);
            self.call(callee);
        }
    }

    pub(super) fn call(&mut self, function: usize) {
        let type_index = self.shape.functions[function].type_index;
        let arguments = self.arguments(type_index);
        self.line(&format!("(call ${}f{function} {arguments})", self.prefix()));
        self.keep_results(type_index);
    }

    /// Sets the local with a function pointer of this type to another value, or calls it.
    fn about_callable(&mut self, type_index: usize) {
        let local = self.local(Kind::Callable(type_index));
        if self.random.percent(60) {
            let value = self.callable(type_index, 1);
            self.line(&format!("(local.set ${local} {value})"));
        } else {
            self.call_pointer(type_index, &format!("(local.get ${local})"));
        }
    }

    /// A function pointer that stays in a local across branches and loops.
    pub(super) fn tangle(&mut self, nesting: usize) {
        let type_index = 1 + self.random.below(self.shape.types.len() - 1);
        self.focus = Some(type_index);
        self.statement(nesting);
        match self.random.below(4) {
            0 => self.branch(nesting - 1),
            1 => self.repeat(nesting - 1),
            2 => self.switch(nesting - 1),
            _ => self.block(nesting - 1),
        }
        self.focus = None;
        let local = self.local(Kind::Callable(type_index));
        self.call_pointer(type_index, &format!("(local.get ${local})"));
    }

    fn indirect_call(&mut self) {
        if self.is_quiet {
            return self.trace();
        }
        if self.random.percent(8) && !self.shape.of(DROP, Taken::Drop).is_empty() {
            return self.drop_call();
        }
        let type_index = 1 + self.random.below(self.shape.types.len() - 1);
        let callee = self.value(Kind::Callable(type_index));
        self.call_pointer(type_index, &callee);
    }

    fn call_pointer(&mut self, type_index: usize, callee: &str) {
        let arguments = self.arguments(type_index);
        let prefix = self.prefix();
        let ty = self.random.pick(&["t", "same"]);
        self.line(&format!(
            "(call_indirect (type ${prefix}{ty}{type_index}) {arguments} {callee})"
        ));
        self.keep_results(type_index);
    }

    /// Calls the function in the first word of a vtable, if there is one.
    fn drop_call(&mut self) {
        let of_trait = self.random.below(self.shape.traits.len());
        let kind = Kind::Vtable(of_trait);
        let vtable = self.value(kind);
        let local = self.local(kind);
        let arguments = self.arguments(DROP);
        let prefix = self.prefix();
        self.line(&format!(
            "(if (i32.load (local.tee ${local} {vtable})) (then (call_indirect \
             (type ${prefix}t{DROP}) {arguments} (i32.load (local.get ${local})))))"
        ));
    }

    fn arguments(&mut self, type_index: usize) -> String {
        let mut values = vec!["(i32.sub (local.get $d) (i32.const 1))".to_owned()];
        values.push(self.value(Kind::Number));
        let shape = self.shape;
        for kind in &shape.types[type_index].parameters {
            values.push(self.value(*kind));
        }
        values.extend(markers(self.number).map(|marker| format!("({marker}.const 0)")));
        values.join(" ")
    }

    /// Stores the results of a call in locals, and sometimes traces that it has returned.
    fn keep_results(&mut self, type_index: usize) {
        let shape = self.shape;
        for kind in shape.types[type_index].results.iter().rev() {
            self.line(&format!("local.set ${}", self.local(*kind)));
        }
        if self.random.percent(80) {
            self.trace();
        }
    }

    /// The code of a coroutine: calls, so that some of them wait.
    pub(super) fn start(&mut self) {
        self.line("(local.set $i0 (i32.const 3)) (loop");
        if self.waits {
            self.wait();
        }
        self.direct_call();
        if self.waits {
            self.wait();
        }
        self.indirect_call();
        self.statement(0);
        self.line(
            "(br_if 0 (i32.gt_s (local.tee $i0 (i32.sub (local.get $i0) (i32.const 1))) \
             (i32.const 0))))",
        );
    }

    pub(super) fn wait(&mut self) {
        let condition = self.condition();
        self.line(&format!("(if {condition} (then (call $suspend)))"));
        self.trace();
    }

    /// A statement that is rarely executed.
    fn other(&mut self) {
        if self.is_quiet {
            return self.trace();
        }
        match self.random.below(8) {
            // An executor inside a coroutine.
            0 => {
                let coroutine = self.random.below(self.shape.coroutines);
                let core = self.memory.coroutine(coroutine);
                self.line(&format!("(call $poll (i32.const {core}))"));
            }
            1 => {
                let prefix = self.prefix();
                let arguments = self.arguments(DROP);
                let number = self.random_number();
                let most = if self.is_rare() { 2 } else { 1 << 12 };
                self.line(&format!(
                    "(if (i32.eqz (i32.rem_u {number} (i32.const {most}))) \
                     (then (call ${prefix}panic {arguments})))"
                ));
            }
            2 | 3 if self.shape.pointer_types().is_empty() => self.trace(),
            2 => {
                let type_index = *self.random.pick(&self.shape.pointer_types());
                let pointer = self.value(Kind::Pointer(type_index));
                let word = self.memory.pointers[&type_index].address;
                self.line(&format!("(i32.store (i32.const {word}) {pointer})"));
            }
            3 => self.change_table(),
            4 | 5 => self.change_lookalike(),
            6 => {
                let coroutine = self.random.below(self.shape.coroutines);
                let condition = self.condition();
                let core = self.memory.coroutine(coroutine);
                self.line(&format!("(if {condition} (then (call $cancel (i32.const {core}))))"));
            }
            // Unreachable code.
            _ => {
                self.line("(block (br 0)");
                self.direct_call();
                self.line(")");
            }
        }
    }

    fn change_table(&mut self) {
        if !self.changes_table {
            return self.trace();
        }
        let type_index = *self.random.pick(&self.shape.pointer_types());
        let spare = self.memory.spares[&type_index];
        // Any function with that type: `ref.func` takes its address, even if nothing else does.
        let all = self.shape.functions.iter().enumerate();
        let possible: Vec<usize> = all
            .filter(|(_, callee)| callee.type_index == type_index && !callee.is_outside)
            .filter(|(_, callee)| callee.taken != Taken::Never)
            .map(|(index, _)| index)
            .collect();
        let function = *self.random.pick(&possible);
        let prefix = self.prefix();
        // Not while a function that was called through this entry may be on a stack. Where functions are resumed all
        // at once, by Binaryen or by us, the call is made again, and would call another function.
        let phases = (0..self.shape.coroutines).fold("(i32.const 0)".to_owned(), |sum, number| {
            let phase =
                format!("(i32.load offset=12 (i32.const {}))", self.memory.coroutine(number));
            // Phase 0 is a new coroutine and 5 a finished one.
            format!("(i32.add {sum} (i32.rem_u {phase} (i32.const 5)))")
        });
        self.line(&format!(
            "(if (i32.eqz {phases}) (then \
             (table.set (i32.const {spare}) (ref.func ${prefix}f{function}))))"
        ));
    }

    fn branch(&mut self, nesting: usize) {
        let condition = self.condition();
        self.line(&format!("(if {condition} (then"));
        self.statements(2, nesting);
        if self.random.percent(60) {
            self.line(") (else");
            self.statements(2, nesting);
        }
        self.line("))");
    }

    fn repeat(&mut self, nesting: usize) {
        let times = 1 + self.random.below(4);
        self.line(&format!("(local.set $i{nesting} (i32.const {times})) (loop"));
        let counted =
            format!("(local.tee $i{nesting} (i32.sub (local.get $i{nesting}) (i32.const 1)))");
        self.statements(2, nesting);
        if self.random.percent(30) {
            // Another back edge, from the middle.
            let condition = self.condition();
            self.line(&format!(
                "(br_if 0 (i32.and {condition} (i32.gt_s {counted} (i32.const 0))))"
            ));
        }
        self.statements(1, nesting);
        self.line(&format!("(br_if 0 (i32.gt_s {counted} (i32.const 0))))"));
    }

    fn switch(&mut self, nesting: usize) {
        let number = self.random_number();
        self.line(&format!(
            "(block (block (block (block (br_table 0 1 2 3 (i32.rem_u {number} (i32.const 4))))"
        ));
        for outer in (0..3).rev() {
            self.statements(1, nesting);
            if self.random.percent(50) {
                self.line(&format!("(br {outer})"));
            }
            self.line(")");
        }
    }

    fn block(&mut self, nesting: usize) {
        self.line("(block");
        self.statements(2, nesting);
        let condition = self.condition();
        self.line(&format!("(br_if 0 {condition})"));
        self.statements(2, nesting);
        self.line(")");
    }
}
