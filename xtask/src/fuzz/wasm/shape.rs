//! The parts of a random program, before its code is written: types, traits, functions, and where the addresses of
//! functions are.
//!
//! It is modelled on compiled Rust programs. A *fat* pointer is in memory: the address of some data and of a vtable.
//! A method is called through its slot in a vtable. The function pointers there are not stored anywhere else, except
//! some in tables that only look like vtables ([`Lookalike`]). All other function pointers may be passed on, kept in
//! memory, and found in tables.

use crate::fuzz::random::Random;

/// The meaning of a value. All of them are i32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    /// The address of a fat pointer to an object of this trait.
    Fat(usize),
    /// The address of a vtable of this trait.
    Vtable(usize),
    /// A pointer to a function with this type.
    Pointer(usize),
    /// The same, but perhaps loaded from a vtable: only for calls.
    Callable(usize),
}

/// A function type. All functions have two numbers before these parameters: the remaining call depth, and any number.
pub(super) struct Type {
    pub(super) parameters: Vec<Kind>,
    pub(super) results: Vec<Kind>,
    /// Whether function pointers with this type may be outside of vtables.
    pub(super) has_pointers: bool,
}

/// The type of the function in the first word of vtables.
pub(super) const DROP: usize = 0;

/// The contents of one word of a trait's vtables, from the fourth on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Method(usize),
    /// The vtable of a supertrait.
    Super(usize),
}

pub(super) struct Trait {
    pub(super) slots: Vec<Slot>,
}

/// Where a function's address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Never,
    /// In vtables.
    Method,
    /// In vtables, in their first word.
    Drop,
    /// Anywhere in code and data.
    Pointer,
}

pub(super) struct Function {
    pub(super) name: String,
    pub(super) type_index: usize,
    pub(super) taken: Taken,
    /// Neither it nor its callees ever wait.
    pub(super) is_quiet: bool,
    /// It waits itself, and not only in its callees.
    pub(super) waits: bool,
    /// It is called only from outside of all coroutines.
    pub(super) is_outside: bool,
}

pub(super) struct Vtable {
    pub(super) of_trait: usize,
    pub(super) drop: Option<usize>,
    pub(super) size: u32,
    pub(super) align: u32,
    pub(super) words: Vec<Word>,
}

pub(super) enum Word {
    Function(usize),
    Vtable(usize),
}

/// A table of functions that looks like a vtable, but is not one.
pub(super) struct Lookalike {
    pub(super) drop: Option<usize>,
    pub(super) size: u32,
    pub(super) align: u32,
    pub(super) functions: Vec<usize>,
    /// The number of words in its variable before the table.
    pub(super) shift: u32,
}

/// A program.
pub(super) struct Shape {
    pub(super) types: Vec<Type>,
    pub(super) traits: Vec<Trait>,
    pub(super) functions: Vec<Function>,
    pub(super) vtables: Vec<Vtable>,
    pub(super) lookalikes: Vec<Lookalike>,
    pub(super) coroutines: usize,
}

impl Shape {
    /// Makes a random shape. `number` distinguishes the program's functions from those of others in the module.
    pub(super) fn random(number: usize, random: &mut Random) -> Self {
        let (traits, types) = (1 + random.below(3), 4 + random.below(6));
        let mut shape = Self {
            types: Vec::new(),
            traits: Vec::new(),
            functions: Vec::new(),
            vtables: Vec::new(),
            lookalikes: Vec::new(),
            coroutines: 2 + random.below(3),
        };
        for index in 0..types {
            let has_pointers = index != DROP && random.percent(40);
            shape.types.push(Type { parameters: Vec::new(), results: Vec::new(), has_pointers });
        }
        for index in (0..types).filter(|index| *index != DROP) {
            let mut kinds = |most: usize| {
                let kinds = 0..random.below(most + 1);
                kinds.map(|_| shape.kind(traits, random)).collect()
            };
            let (parameters, results) = (kinds(2), kinds(2));
            shape.types[index].parameters = parameters;
            shape.types[index].results = results;
        }
        for index in 0..traits {
            shape.add_trait(index, random);
        }
        shape.add_missing_methods(random);
        shape.add_functions(number, random);
        shape.add_vtables(random);
        for _ in 0..random.below(4) {
            shape.add_lookalike(random);
        }
        shape
    }

    fn kind(&self, traits: usize, random: &mut Random) -> Kind {
        let type_index = random.below(self.types.len());
        match random.below(5) {
            0 => Kind::Fat(random.below(traits)),
            1 | 2 => Kind::Vtable(random.below(traits)),
            3 if self.types[type_index].has_pointers => Kind::Pointer(type_index),
            _ => Kind::Number,
        }
    }

    fn add_trait(&mut self, index: usize, random: &mut Random) {
        let slots = (0..2 + random.below(5)).map(|_| {
            if index > 0 && random.percent(20) {
                Slot::Super(random.below(index))
            } else {
                Slot::Method(1 + random.below(self.types.len() - 1))
            }
        });
        self.traits.push(Trait { slots: slots.collect() });
    }

    /// Makes sure that for each type there is something to call.
    fn add_missing_methods(&mut self, random: &mut Random) {
        for index in (0..self.types.len()).filter(|index| *index != DROP) {
            if !self.types[index].has_pointers && !self.is_of_method(index) {
                let of_trait = random.below(self.traits.len());
                self.traits[of_trait].slots.push(Slot::Method(index));
            }
        }
    }

    /// Whether any trait has a method of this type.
    fn is_of_method(&self, type_index: usize) -> bool {
        self.traits.iter().any(|found| found.slots.contains(&Slot::Method(type_index)))
    }

    /// For each type, one function is likely to wait, and the others rarely do. So there are few paths to a suspend
    /// point, and it matters if the analysis misses one.
    fn add_functions(&mut self, number: usize, random: &mut Random) {
        for type_index in (0..self.types.len()).filter(|index| *index != DROP) {
            let has_pointers = self.types[type_index].has_pointers;
            let is_of_method = self.is_of_method(type_index);
            let is_pointer_loud = has_pointers && (!is_of_method || random.percent(50));
            if has_pointers {
                self.add_function(number, type_index, Taken::Pointer, !is_pointer_loud, random);
            }
            if is_of_method {
                self.add_function(number, type_index, Taken::Method, is_pointer_loud, random);
            }
        }
        for _ in 0..random.below(3) {
            let is_quiet = random.percent(50);
            self.add_function(number, DROP, Taken::Drop, is_quiet, random);
        }
        for _ in 0..random.below(8) {
            let type_index = 1 + random.below(self.types.len() - 1);
            let taken = match random.below(8) {
                0..=4 if self.is_of_method(type_index) => Taken::Method,
                5 if self.types[type_index].has_pointers => Taken::Pointer,
                _ => Taken::Never,
            };
            let is_quiet = random.percent(75);
            self.add_function(number, type_index, taken, is_quiet, random);
        }
        for _ in 0..random.below(3) {
            let type_index = 1 + random.below(self.types.len() - 1);
            self.add_function(number, type_index, Taken::Never, false, random);
            if let Some(function) = self.functions.last_mut() {
                function.is_outside = true;
            }
        }
    }

    fn add_function(
        &mut self,
        number: usize,
        type_index: usize,
        taken: Taken,
        is_quiet: bool,
        random: &mut Random,
    ) {
        let at = self.functions.len();
        let name = match taken {
            Taken::Drop => format!("core::ptr::drop_in_place::<p{number}::T{at}>"),
            Taken::Method => format!("<p{number}::T{at} as p{number}::X>::f"),
            Taken::Pointer | Taken::Never => format!("p{number}::f{at}"),
        };
        let waits = !is_quiet && random.percent(35);
        let function = Function { name, type_index, taken, is_quiet, waits, is_outside: false };
        self.functions.push(function);
    }

    fn add_vtables(&mut self, random: &mut Random) {
        let drops = self.of(DROP, Taken::Drop);
        // Supertraits come first, so that their vtables exist when they are needed.
        for of_trait in 0..self.traits.len() {
            for _ in 0..1 + random.below(3) {
                let words = self.traits[of_trait].slots.iter().map(|slot| match *slot {
                    // A function whose address is elsewhere as well.
                    Slot::Method(type_index)
                        if self.types[type_index].has_pointers && random.percent(20) =>
                    {
                        Word::Function(*random.pick(&self.of(type_index, Taken::Pointer)))
                    }
                    Slot::Method(type_index) => {
                        Word::Function(*random.pick(&self.of(type_index, Taken::Method)))
                    }
                    Slot::Super(of_trait) => Word::Vtable(*random.pick(&self.vtables_of(of_trait))),
                });
                let words = words.collect();
                let has_drop = !drops.is_empty() && random.percent(50);
                let drop = has_drop.then(|| *random.pick(&drops));
                let align = 1 << random.below(4);
                let size = align * random.below(5) as u32;
                self.vtables.push(Vtable { of_trait, drop, size, align, words });
            }
        }
    }

    fn add_lookalike(&mut self, random: &mut Random) {
        let drops = self.of(DROP, Taken::Drop);
        let drop = (!drops.is_empty() && random.percent(50)).then(|| *random.pick(&drops));
        let functions = (0..1 + random.below(3)).map(|_| {
            let type_index = 1 + random.below(self.types.len() - 1);
            *random.pick(&self.taken(type_index))
        });
        let functions = functions.collect();
        let align = 1 << random.below(4);
        let size = align * random.below(5) as u32;
        let shift = random.below(4) as u32;
        self.lookalikes.push(Lookalike { drop, size, align, functions, shift });
    }

    /// The types with function pointers.
    pub(super) fn pointer_types(&self) -> Vec<usize> {
        (0..self.types.len()).filter(|index| self.types[*index].has_pointers).collect()
    }

    /// The functions with this type whose address is taken in this way.
    pub(super) fn of(&self, type_index: usize, taken: Taken) -> Vec<usize> {
        let is_meant =
            |function: &Function| function.type_index == type_index && function.taken == taken;
        let all = self.functions.iter().enumerate();
        all.filter(|(_, function)| is_meant(function)).map(|(index, _)| index).collect()
    }

    /// The functions with this type whose address may be taken. There are some for each type.
    pub(super) fn taken(&self, type_index: usize) -> Vec<usize> {
        [Taken::Method, Taken::Pointer].iter().flat_map(|it| self.of(type_index, *it)).collect()
    }

    pub(super) fn vtables_of(&self, of_trait: usize) -> Vec<usize> {
        let all = self.vtables.iter().enumerate();
        all.filter(|(_, vtable)| vtable.of_trait == of_trait).map(|(index, _)| index).collect()
    }
}

impl Lookalike {
    /// The number of words before the functions, as in a vtable.
    pub(super) const BEFORE: usize = 3;
}
