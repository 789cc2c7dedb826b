//! Writes the text of a random Rust program: its traits, types, tables and functions.

use core::fmt::Write as _;

use super::shape::{Method, Program, Trait};
use super::statements::Body;
use crate::fuzz::random::Random;

/// A random program.
pub(super) fn program(seed: u64) -> String {
    let mut random = Random::new(seed);
    let program = Program::random(&mut random);
    let mut text = String::from("// Made by `cargo xtask fuzz`.\n#![allow(warnings)]\n\n");
    text.push_str(include_str!("prelude.rs"));
    program.write(&mut text, &mut random);
    text
}

impl Program {
    fn write(&self, text: &mut String, random: &mut Random) {
        for (index, found) in self.traits.iter().enumerate() {
            self.write_trait(text, index, found, random);
        }
        for index in 0..self.types {
            self.write_type(text, index, random);
        }
        for index in 0..self.traits.len() {
            self.write_objects(text, index, random);
        }
        self.write_tables(text, random);
        self.write_lookalikes(text, random);
        for index in 0..self.functions {
            let inline = *random.pick(&["", "#[inline(never)]\n", "#[inline]\n"]);
            let body = Body::new(self, random, false).text(4);
            let _ = writeln!(text, "{inline}fn f{index}(d: u32, mut v: u32) -> u32 {body}\n");
        }
        for index in 0..self.quiet_functions {
            let body = Body::new(self, random, true).text(2);
            let _ =
                writeln!(text, "#[inline(never)]\nfn q{index}(d: u32, mut v: u32) -> u32 {body}\n");
        }
        for index in 0..self.traits.len() {
            let body = Body::new(self, random, false).text(2);
            let _ = writeln!(
                text,
                "fn generic{index}<T: X{index} + ?Sized>(d: u32, mut v: u32, x: &T) -> u32 {{\n\
                 v ^= x.m{index}_0({}); {body} }}\n",
                self.arguments(index, 0, random)
            );
        }
        let roots: Vec<String> = (0..self.functions).map(|index| format!("f{index}")).collect();
        let _ = writeln!(text, "static ROOTS: &[Plain] = &[{}];\n", roots.join(", "));
        text.push_str(
            "// SAFETY: no other symbol has a space in it.\n\
             #[unsafe(export_name = \"run 0\")]\n\
             extern \"C\" fn run(seed: u32) { start(seed, ROOTS) }\n",
        );
    }

    fn write_trait(&self, text: &mut String, index: usize, found: &Trait, random: &mut Random) {
        let supertrait = found.supertrait.map_or(String::new(), |of| format!(": X{of}"));
        let _ = writeln!(text, "trait X{index}{supertrait} {{");
        for (method, Method { has_default, .. }) in found.methods.iter().enumerate() {
            let signature = self.signature(index, method);
            if *has_default {
                let (used, body) =
                    (self.use_of(index, method), Body::new(self, random, false).text(1));
                let _ = writeln!(text, "{signature} {{ {used} {body} }}");
            } else {
                let _ = writeln!(text, "{};", signature.replace("mut v", "v"));
            }
        }
        // For the last parameter of other methods.
        let _ = writeln!(text, "}}\nfn other{index}(d: u32, v: u32, x: &dyn X{index}) -> u32 {{");
        let method = random.below(found.methods.len());
        let _ = writeln!(
            text,
            "if !enter(d) {{ return v; }} x.m{index}_{method}({})\n}}\n",
            self.arguments(index, method, random)
        );
    }

    fn write_type(&self, text: &mut String, index: usize, random: &mut Random) {
        let field = *random.pick(&["()", "Cell<u32>", "Rc<u32>", "u64", "Plain"]);
        let _ = writeln!(text, "struct S{index} {{ v: Cell<u32>, field: Option<{field}> }}\n");
        let _ = writeln!(
            text,
            "impl S{index} {{ const fn new(v: u32) -> Self {{ Self {{ v: Cell::new(v), field: None }} }} }}"
        );
        if random.percent(40) {
            let is_quiet = random.percent(40);
            let body = Body::new(self, random, is_quiet).text(1);
            let _ = writeln!(
                text,
                "impl Drop for S{index} {{ fn drop(&mut self) {{ let (d, mut v) = (3, self.v.get());\n\
                 let _ = (|| -> u32 {body})(); }} }}"
            );
        }
        let is_quiet = random.percent(50);
        let body = Body::new(self, random, is_quiet).text(1);
        let _ = writeln!(
            text,
            "impl Display for S{index} {{ fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{\n\
             let (d, mut v) = (3, self.v.get()); v = (|| -> u32 {body})();\n\
             write!(f, \"{{}}-{{v:04x}}\", self.v.get()) }} }}"
        );
        for (trait_index, found) in self.traits.iter().enumerate() {
            let _ = writeln!(text, "impl X{trait_index} for S{index} {{");
            for (method, Method { has_default, .. }) in found.methods.iter().enumerate() {
                if *has_default && random.percent(60) {
                    continue;
                }
                let is_quiet = random.percent(50);
                let body = Body::new(self, random, is_quiet).text(2);
                let used = if is_quiet { String::new() } else { self.use_of(trait_index, method) };
                let _ = writeln!(
                    text,
                    "{} {{ v ^= self.v.replace(v); {used} {body} }}",
                    self.signature(trait_index, method)
                );
            }
            text.push_str("}\n");
        }
    }

    /// Writes functions that return objects of a trait: from the heap, and from constants.
    fn write_objects(&self, text: &mut String, index: usize, random: &mut Random) {
        let types: Vec<usize> = (0..3).map(|_| random.below(self.types)).collect();
        let arms: String = (0..types.len() - 1)
            .map(|arm| format!("{arm} => Box::new(S{}::new(v)), ", types[arm]))
            .collect();
        let last = types[types.len() - 1];
        let _ = writeln!(
            text,
            "#[inline(never)]\nfn object{index}(v: u32) -> Box<dyn X{index}> {{\n\
             match random({}) {{ {arms}_ => Box::new(S{last}::new(v)) }} }}",
            types.len(),
        );
        let (one, other) = (random.below(self.types), random.below(self.types));
        let _ = writeln!(
            text,
            "fn constant{index}() -> &'static dyn X{index} {{\n\
             const ONE: &dyn X{index} = &Unit::<{one}>; const OTHER: &dyn X{index} = &Unit::<{other}>;\n\
             if random(2) == 0 {{ ONE }} else {{ OTHER }} }}\n",
        );
        if index == 0 {
            text.push_str("struct Unit<const N: usize>;\n");
        }
        let _ = writeln!(text, "impl<const N: usize> X{index} for Unit<N> {{");
        for (method, Method { has_default, .. }) in self.traits[index].methods.iter().enumerate() {
            if !has_default {
                let body = Body::new(self, random, false).text(1);
                let _ =
                    writeln!(text, "{} {{ v ^= N as u32; {body} }}", self.signature(index, method));
            }
        }
        text.push_str("}\n");
    }

    /// Writes constants that only the program's own code distinguishes from vtables: promoted constants, made from a
    /// type by hand.
    fn write_lookalikes(&self, text: &mut String, random: &mut Random) {
        for (index, of_type) in self.lookalikes.iter().enumerate() {
            let name = format!("L{index}");
            let signature =
                |method| format!("fn {method}(&self, d: u32, mut v: u32, _: f64) -> u32");
            let declared = ["run", "then"].map(|method| signature(method).replace("mut v", "v"));
            let _ = writeln!(text, "trait {name} {{ {}; {}; }}", declared[0], declared[1]);
            let _ = writeln!(text, "impl {name} for S{of_type} {{");
            for method in ["run", "then"] {
                let is_quiet = random.percent(30);
                let body = Body::new(self, random, is_quiet).text(2);
                let _ = writeln!(text, "#[inline(never)]\n{} {body}", signature(method));
            }
            text.push_str("}\n");
            let method = |random: &mut Random| {
                let method = random.pick(&["run", "then"]);
                format!(
                    "mem::transmute::<fn(&S{of_type}, u32, u32, f64) -> u32, Method>(\
                     <S{of_type} as {name}>::{method})"
                )
            };
            let table = |random: &mut Random| {
                let (one, other) = (method(random), method(random));
                let [drop, size, align] = match random.below(2) {
                    0 => ["None".to_owned(), "8".to_owned(), "4".to_owned()],
                    _ => [
                        format!(
                            "Some(mem::transmute::<unsafe fn(*mut S{of_type}), unsafe fn(*mut ())>(\
                             std::ptr::drop_in_place::<S{of_type}>))"
                        ),
                        format!("size_of::<S{of_type}>()"),
                        format!("align_of::<S{of_type}>()"),
                    ],
                };
                format!(
                    "Ops {{ drop: {drop}, size: {size}, align: {align}, run: {one}, then: {other} }}"
                )
            };
            let (one, other) = (table(random), table(random));
            let _ = writeln!(
                text,
                "#[inline(never)]\nfn ops{index}() -> &'static Ops {{\n\
                 // SAFETY: of pointers to a type only the type is forgotten.\n\
                 const ONE: &Ops = unsafe {{ &{one} }};\n\
                 // SAFETY: likewise.\n\
                 const OTHER: &Ops = unsafe {{ &{other} }};\n\
                 if random(2) == 0 {{ ONE }} else {{ OTHER }} }}\n"
            );
        }
    }

    /// Writes tables of function pointers in data.
    fn write_tables(&self, text: &mut String, random: &mut Random) {
        for index in 0..4 {
            let functions: Vec<String> = (0..3).map(|_| self.function(random)).collect();
            let _ = writeln!(text, "static TABLE{index}: [Plain; 3] = [{}];", functions.join(", "));
            let mut step = || {
                let align = 1 << random.below(3);
                format!(
                    "Step {{ number: 0, size: {}, align: {align}, run: {}, then: {} }}",
                    align * random.below(3),
                    self.function(random),
                    self.function(random)
                )
            };
            let _ = writeln!(text, "const STEP{index}: Step = {};", step());
            let _ = writeln!(text, "const STEPS{index}: &[Step] = &[{}, {}];\n", step(), step());
        }
    }
}
