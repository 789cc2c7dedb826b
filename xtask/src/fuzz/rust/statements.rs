//! Random statements of Rust. `d` is the remaining call depth, `v` some number.

use super::shape::Program;
use crate::fuzz::random::Random;

/// Writes one body.
pub(super) struct Body<'a> {
    program: &'a Program,
    random: &'a mut Random,
    /// Neither it nor its callees ever wait.
    is_quiet: bool,
    place: u32,
}

impl<'a> Body<'a> {
    pub(super) fn new(program: &'a Program, random: &'a mut Random, is_quiet: bool) -> Self {
        Self { program, random, is_quiet, place: 0 }
    }

    /// A block with a `u32` result.
    pub(super) fn text(mut self, statements: usize) -> String {
        self.place = (self.random.next() as u32) & 0xffff_0000;
        let count = 1 + self.random.below(statements);
        let statements = self.statements(count, 2);
        format!("{{ if !enter(d) {{ return v; }}\n{statements} v }}")
    }

    fn statements(&mut self, count: usize, nesting: usize) -> String {
        (0..count).map(|_| self.statement(nesting) + "\n").collect()
    }

    fn statement(&mut self, nesting: usize) -> String {
        let choices = if self.is_quiet { 7 } else { 27 };
        match self.random.below(choices) {
            0 | 1 => self.trace(),
            2 if nesting > 0 => self.branch(nesting - 1),
            3 if nesting > 0 => self.repeat(nesting - 1),
            4 if nesting > 0 => self.choose(nesting - 1),
            5 => self.quiet_call(),
            2..=6 => self.trace(),
            7 | 8 => format!("v ^= wait(); {}", self.trace()),
            9 | 10 => format!("v ^= {}(d - 1, v);", self.function()),
            11..=14 => self.method_call(),
            15 => self.supertrait_call(),
            16 => self.closure(),
            17 => self.closures_in_a_list(),
            18 => self.table_call(),
            19 => self.copied_step(),
            20 => self.format(),
            21 => self.iterator(),
            22 => self.dropped(),
            23 => self.any(),
            24 => self.generic(),
            25 => self.lookalike(),
            _ => self.rare(),
        }
    }

    /// Traces this place and a value.
    fn trace(&mut self) -> String {
        self.place += 1;
        format!("trace({:#x} ^ (v & 0xffff));", self.place)
    }

    fn function(&mut self) -> String {
        self.program.function(self.random)
    }

    fn quiet_call(&mut self) -> String {
        format!("v ^= q{}(d - 1, v);", self.random.below(self.program.quiet_functions))
    }

    fn branch(&mut self, nesting: usize) -> String {
        let (one, other) = (self.statements(2, nesting), self.statements(1, nesting));
        format!("if random(2) == 0 {{ {one} }} else {{ {other} }}")
    }

    fn repeat(&mut self, nesting: usize) -> String {
        let times = 1 + self.random.below(3);
        let statements = self.statements(2, nesting);
        format!("for i in 0..{times} {{ {statements} v += i; }}")
    }

    fn choose(&mut self, nesting: usize) -> String {
        let arms: Vec<String> = (0..3).map(|_| self.statements(1, nesting)).collect();
        format!(
            "match random(3) {{ 0 => {{ {} }} 1 => {{ {} }} _ => {{ {} }} }}",
            arms[0], arms[1], arms[2]
        )
    }

    /// Chooses a trait and one of its methods.
    fn method(&mut self) -> (usize, usize) {
        let index = self.random.below(self.program.traits.len());
        (index, self.random.below(self.program.traits[index].methods.len()))
    }

    fn method_call(&mut self) -> String {
        let (index, method) = self.method();
        let arguments = self.program.arguments(index, method, self.random);
        let object = match self.random.below(5) {
            0 => format!("let o: Rc<dyn X{index}> = Rc::from(object{index}(v));"),
            1 => format!("let o: &dyn X{index} = constant{index}();"),
            2 => {
                let of_type = self.random.below(self.program.types);
                format!(
                    "let o: &dyn X{index} = if random(2) == 0 {{ constant{index}() }} else {{ &S{of_type}::new(v) }};"
                )
            }
            _ => format!("let o = object{index}(v);"),
        };
        let trace = self.trace();
        format!("{{ {object} v ^= o.m{index}_{method}({arguments}); {trace} }}")
    }

    fn supertrait_call(&mut self) -> String {
        let subtraits = self.program.traits.iter().enumerate();
        let subtraits: Vec<(usize, usize)> =
            subtraits.filter_map(|(index, found)| Some((index, found.supertrait?))).collect();
        if subtraits.is_empty() {
            return self.method_call();
        }
        let (index, of) = *self.random.pick(&subtraits);
        let method = self.random.below(self.program.traits[of].methods.len());
        let arguments = self.program.arguments(of, method, self.random);
        let cast =
            if self.random.percent(50) { format!(" as Box<dyn X{of}>") } else { String::new() };
        format!("{{ let o = object{index}(v){cast}; v ^= o.m{of}_{method}({arguments}); }}")
    }

    fn closure(&mut self) -> String {
        let (one, other) = (self.function(), self.function());
        let trace = self.trace();
        match self.random.below(3) {
            0 => format!(
                "{{ let c: Box<dyn Fn(u32) -> u32> = if random(2) == 0 {{ Box::new(move |x| {one}(d - 1, x ^ v)) }} \
                 else {{ Box::new(move |x| {{ trace(x); {other}(d - 1, x) }}) }}; v ^= c(v); {trace} }}"
            ),
            1 => format!(
                "{{ let mut n = v; let mut c: &mut dyn FnMut(u32) = &mut |x| n ^= {one}(d - 1, x); \
                 c(1); c(v); v ^= n; {trace} }}"
            ),
            _ => format!(
                "{{ let c: Box<dyn FnOnce(u32) -> u32> = if random(2) == 0 {{ Box::new(move |x| {one}(d - 1, x ^ v)) }} \
                 else {{ Box::new(|x| x) }}; v ^= c(v); {trace} }}"
            ),
        }
    }

    fn closures_in_a_list(&mut self) -> String {
        let (one, other) = (self.function(), self.function());
        format!(
            "{{ let o = S{}::new(v); let mut l: Vec<Box<dyn FnMut() -> u32>> = vec![Box::new(move || {one}(d - 1, v))]; \
             l.push(Box::new(move || o.v.get())); if random(2) == 0 {{ l.push(Box::new(move || {other}(d - 1, 7))); }} \
             for c in &mut l {{ v ^= c(); }} }}",
            self.random.below(self.program.types)
        )
    }

    fn table_call(&mut self) -> String {
        let table = self.random.below(4);
        match self.random.below(3) {
            0 => format!("v ^= TABLE{table}[random(3) as usize](d - 1, v);"),
            1 => format!("for s in STEPS{table} {{ v ^= step(d - 1, v, s); }}"),
            _ => format!("v ^= step(d - 1, v, &STEPS{table}[random(2) as usize]);"),
        }
    }

    /// A constant with function pointers that is copied to another address.
    fn copied_step(&mut self) -> String {
        let (one, other) = (self.random.below(4), self.random.below(4));
        match self.random.below(3) {
            0 => format!(
                "{{ let mut s = Box::new(STEP{one}); s.number = v; v ^= step(d - 1, v, &s); }}"
            ),
            1 => format!(
                "{{ let s = Steps {{ name: v, steps: [STEP{one}, STEP{other}] }}; v ^= steps(d - 1, &s); }}"
            ),
            _ => format!(
                "{{ let mut s = vec![STEP{one}; 2]; s.push(STEP{other}); for s in &s {{ v ^= step(d - 1, v, s); }} }}"
            ),
        }
    }

    /// A table that looks like a vtable, called directly or from a copy.
    fn lookalike(&mut self) -> String {
        let index = self.random.below(self.program.lookalikes.len());
        let of_type = self.program.lookalikes[index];
        let state = format!("let s = S{of_type}::new(v);");
        let trace = self.trace();
        let from_ops = *self.random.pick(&["ops_run", "ops_then"]);
        let from_device =
            *self.random.pick(&["device_run", "device_then", "spare_run", "spare_then"]);
        match self.random.below(4) {
            // Through a real vtable.
            0 => format!(
                "{{ {state} let o: Box<dyn L{index}> = Box::new(s); v ^= o.run(d - 1, v, 0.5) ^ o.then(d - 1, v, 0.5); }}"
            ),
            1 => format!(
                "{{ {state} v ^= {from_ops}(d - 1, v, ops{index}(), (&raw const s).cast()); {trace} }}"
            ),
            2 => format!(
                "{{ {state} let o = Device {{ number: v, ops: *ops{index}(), spare: [*ops{index}(); 2] }}; \
                 v ^= {from_device}(d - 1, v, black_box(&o), (&raw const s).cast()); {trace} }}"
            ),
            _ => format!(
                "{{ {state} let o = Box::new(Device {{ number: v, ops: *ops{index}(), spare: [*ops{index}(); 2] }}); \
                 v ^= {from_device}(d - 1, v, &o, (&raw const s).cast()); {trace} }}"
            ),
        }
    }

    fn format(&mut self) -> String {
        let of_type = self.random.below(self.program.types);
        let object = format!("S{of_type}::new(v)");
        match self.random.below(4) {
            0 => format!("v ^= format!(\"{{}}\", {object}).len() as u32;"),
            1 => format!(
                "{{ let mut w = Waiting(v); let _ = fmt::Write::write_fmt(&mut w, format_args!(\"{{:>9}} {{v}}\", {object})); v ^= w.0; }}"
            ),
            2 => format!(
                "{{ let mut w = Waiting(v); let _ = io::Write::write_fmt(&mut w, format_args!(\"{{}}\", {object})); v ^= w.0; }}"
            ),
            _ => format!(
                "{{ let w: &mut dyn fmt::Write = &mut Waiting(v); let o: &dyn Display = &{object}; let _ = write!(w, \"<{{o}}>\"); }}"
            ),
        }
    }

    fn iterator(&mut self) -> String {
        let (one, other) = (self.function(), self.function());
        match self.random.below(3) {
            0 => format!(
                "v ^= (0..3).map(|x| {one}(d - 1, x)).filter(|x| {other}(d - 1, *x) & 1 == 0).fold(v, |a, x| a ^ x);"
            ),
            1 => format!(
                "{{ let i: Box<dyn Iterator<Item = u32>> = if random(2) == 0 {{ Box::new((0..2).map(move |x| {one}(d - 1, x))) }} \
                 else {{ Box::new([v, 1].into_iter()) }}; for x in i {{ v = v.wrapping_add(x); }} }}"
            ),
            _ => format!(
                "{{ let mut l = [v, 3, 2]; l.sort_by(|a, b| {{ trace({one}(d - 1, *a)); a.cmp(b) }}); v ^= l[1]; }}"
            ),
        }
    }

    fn dropped(&mut self) -> String {
        let (of_type, other) =
            (self.random.below(self.program.types), self.random.below(self.program.types));
        let index = self.random.below(self.program.traits.len());
        let trace = self.trace();
        match self.random.below(3) {
            0 => format!(
                "{{ let o = S{of_type}::new(v); let _p = S{other}::new(1); {trace} v ^= o.v.get(); }}"
            ),
            1 => format!("drop(object{index}(v)); {trace}"),
            _ => format!(
                "{{ let l: Vec<Box<dyn X{index}>> = vec![object{index}(v), object{index}(1)]; {trace} }}"
            ),
        }
    }

    fn any(&mut self) -> String {
        let (index, method) = (0, 0);
        let arguments = self.program.arguments(index, method, self.random);
        let (one, other) =
            (self.random.below(self.program.types), self.random.below(self.program.types));
        format!(
            "{{ let a: Box<dyn Any> = if random(2) == 0 {{ Box::new(S{one}::new(v)) }} else {{ Box::new(S{other}::new(v)) }}; \
             if let Some(o) = a.downcast_ref::<S{one}>() {{ v ^= o.m{index}_{method}({arguments}); }} }}"
        )
    }

    fn generic(&mut self) -> String {
        let index = self.random.below(self.program.traits.len());
        let of_type = self.random.below(self.program.types);
        if self.random.percent(50) {
            format!("v ^= generic{index}(d - 1, v, &S{of_type}::new(v));")
        } else {
            format!("v ^= generic{index}(d - 1, v, &*object{index}(v));")
        }
    }

    /// A statement that is rarely executed.
    fn rare(&mut self) -> String {
        let function = self.function();
        match self.random.below(3) {
            0 => "if random(3000) == 0 { panic!(\"{}\", S0::new(v)); }".to_owned(),
            _ => format!("v ^= inner(d - 1, v, {function});"),
        }
    }
}
