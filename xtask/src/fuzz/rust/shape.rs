//! The parts of a random Rust program, before its text is written, and how its functions and methods are called.

use crate::fuzz::random::Random;

/// The last parameter of a method, after `(&self, depth: u32, value: u32)`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extra {
    Nothing,
    /// An object of this trait.
    Object(usize),
    Function,
    Closure,
}

pub(super) struct Trait {
    /// The supertrait, if there is one.
    pub(super) supertrait: Option<usize>,
    pub(super) methods: Vec<Method>,
}

pub(super) struct Method {
    pub(super) extra: Extra,
    /// Whether it has a default body.
    pub(super) has_default: bool,
}

/// The parts of a program.
pub(super) struct Program {
    pub(super) traits: Vec<Trait>,
    /// The number of types. Each implements all traits.
    pub(super) types: usize,
    pub(super) functions: usize,
    /// Functions that never wait.
    pub(super) quiet_functions: usize,
    /// Tables that look like vtables: the type of each.
    pub(super) lookalikes: Vec<usize>,
}

impl Program {
    pub(super) fn random(random: &mut Random) -> Self {
        let mut traits: Vec<Trait> = Vec::new();
        let count = 3 + random.below(4);
        for index in 0..count {
            let supertrait = (index > 0 && random.percent(40)).then(|| random.below(index));
            let methods = (0..2 + random.below(4)).map(|_| Method {
                extra: match random.below(6) {
                    0 => Extra::Object(random.below(count)),
                    1 => Extra::Function,
                    2 => Extra::Closure,
                    _ => Extra::Nothing,
                },
                has_default: random.percent(30),
            });
            let methods = methods.collect();
            traits.push(Trait { supertrait, methods });
        }
        let types = 4 + random.below(6);
        Self {
            traits,
            types,
            functions: 30 + random.below(40),
            quiet_functions: 10,
            lookalikes: (0..3).map(|_| random.below(types)).collect(),
        }
    }

    /// The signature of a method.
    pub(super) fn signature(&self, trait_index: usize, method: usize) -> String {
        let extra = match self.traits[trait_index].methods[method].extra {
            Extra::Nothing => String::new(),
            Extra::Object(other) => format!(", x: &dyn X{other}"),
            Extra::Function => ", x: Plain".to_owned(),
            Extra::Closure => ", x: &mut dyn FnMut(u32) -> u32".to_owned(),
        };
        format!("fn m{trait_index}_{method}(&self, d: u32, mut v: u32{extra}) -> u32")
    }

    /// The arguments for a method.
    pub(super) fn arguments(
        &self,
        trait_index: usize,
        method: usize,
        random: &mut Random,
    ) -> String {
        let extra = match self.traits[trait_index].methods[method].extra {
            Extra::Nothing => String::new(),
            Extra::Object(other) => format!(", &*object{other}(v)"),
            Extra::Function => format!(", {}", self.function(random)),
            Extra::Closure => {
                format!(", &mut |x| {{ trace(x); {}(d - 1, x) }}", self.function(random))
            }
        };
        format!("d - 1, v{extra}")
    }

    /// The name of some function.
    pub(super) fn function(&self, random: &mut Random) -> String {
        if random.percent(30) {
            format!("q{}", random.below(self.quiet_functions))
        } else {
            format!("f{}", random.below(self.functions))
        }
    }

    /// A statement that uses the last parameter of a method.
    pub(super) fn use_of(&self, trait_index: usize, method: usize) -> String {
        match self.traits[trait_index].methods[method].extra {
            Extra::Nothing => String::new(),
            Extra::Object(other) => format!("if enter(d) {{ v ^= other{other}(d, v, x); }}"),
            Extra::Function => "if enter(d) { v ^= x(d - 1, v); }".to_owned(),
            Extra::Closure => "if enter(d) { v ^= x(v); }".to_owned(),
        }
    }
}
