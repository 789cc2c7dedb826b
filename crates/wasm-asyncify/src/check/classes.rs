//! The dataflow state: which places hold the same value, and which hold a constant. It also records how
//! operands were computed: the transform may compute them later than the original does, so that at a join only
//! one of the functions has them.
//!
//! This is the lattice of the dataflow analysis. At a join only what holds on both paths is kept. So each
//! step makes the classes of equal places smaller, or forgets constants and computations; the analysis
//! terminates.

use std::collections::HashMap;

use wasmparser::RefType;

use super::types::{in_both, nullable};
use super::values::{Computation, Constant, Integer, Operand, Value, Values};

/// The greatest depth of a computation that is recorded.
const DEPTH: usize = 16;

/// Which places hold equal values.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    /// The class of each place.
    classes: Vec<u32>,
    /// By class: of the places, and of the values that they were computed from.
    facts: Vec<Fact>,
    /// How some places were computed, ordered by place.
    computed: Vec<(usize, Computed)>,
}

#[derive(Clone, Debug, Default)]
struct Fact {
    constant: Option<Constant>,
    /// The types that a reference is known to have.
    types: Vec<RefType>,
    /// The site whose rewind is to blame if more places were in this class before.
    blamed: Option<usize>,
}

/// How an operand was computed from the values of classes.
#[derive(Clone, Debug)]
enum Computed {
    Of(u32),
    /// By a unary operator.
    Unary(Integer, Box<Computed>),
    Integer(Integer, Box<[Computed; 2]>),
    Select(Box<[Computed; 3]>),
}

impl Classes {
    /// The dataflow state of these places.
    pub(super) fn new(places: &[Operand], values: &Values) -> Self {
        let mut reading =
            Reading { values, class_of: vec![u32::MAX; values.count()], facts: Vec::new() };
        let classes = places.iter().map(|place| reading.class(place.value)).collect();
        let computed = places.iter().enumerate().filter(|(_, place)| place.term.is_some());
        let computed =
            computed.map(|(place, operand)| (place, reading.computed(*operand, DEPTH))).collect();
        Self { classes, facts: reading.facts, computed }
    }

    /// Operands for the places.
    pub(super) fn operands(&self, values: &mut Values) -> Vec<Operand> {
        let mut making = Making {
            facts: &self.facts,
            made: vec![None; self.facts.len()],
            computed: vec![None; self.facts.len()],
            values,
        };
        for (place, computed) in &self.computed {
            making.computed[self.classes[*place] as usize] = Some(computed);
        }
        let mut operands: Vec<Operand> =
            self.classes.iter().map(|class| making.value(*class).into()).collect();
        for (place, computed) in &self.computed {
            operands[*place].term = making.operand(computed).term;
        }
        operands
    }

    /// Drops what does not hold on another path, which may come from the rewind of a site. Returns whether
    /// anything was dropped.
    pub(super) fn join(&mut self, other: &Self, site: Option<usize>) -> bool {
        let mut joining = Joining {
            ours: self,
            theirs: other,
            site,
            pairs: HashMap::with_capacity(self.facts.len()),
            is_paired: vec![false; self.facts.len()],
            facts: Vec::with_capacity(self.facts.len()),
            changed: false,
        };
        let both = self.classes.iter().zip(&other.classes);
        let classes = both.map(|(ours, theirs)| joining.pair(*ours, *theirs)).collect();
        let mut others = other.computed.iter().peekable();
        let mut computed = Vec::with_capacity(self.computed.len());
        for (place, ours) in &self.computed {
            while others.next_if(|(other, _)| other < place).is_some() {}
            let theirs = others.next_if(|(other, _)| other == place);
            match theirs.and_then(|(_, theirs)| joining.computed(ours, theirs)) {
                Some(both) => computed.push((*place, both)),
                None => joining.changed = true,
            }
        }
        let Joining { facts, changed, .. } = joining;
        if changed {
            *self = Self { classes, facts, computed };
        }
        changed
    }
}

/// Maps values to classes.
struct Reading<'a> {
    values: &'a Values,
    /// The class of each value.
    class_of: Vec<u32>,
    facts: Vec<Fact>,
}

impl Reading<'_> {
    fn class(&mut self, value: Value) -> u32 {
        let class = &mut self.class_of[value.index()];
        if *class == u32::MAX {
            *class = self.facts.len() as u32;
            let (constant, blamed) = (self.values.as_constant(value), self.values.blamed(value));
            let types = self.values.types_of(value).to_vec();
            self.facts.push(Fact { constant, types, blamed });
        }
        *class
    }

    fn computed(&mut self, operand: Operand, depth: usize) -> Computed {
        let Some(term) = operand.term.filter(|_| depth > 0) else {
            return Computed::Of(self.class(operand.value));
        };
        let computation = self.values.computation(term);
        match computation {
            Computation::Integer(operator, [operand, _]) if operator.is_unary() => {
                Computed::Unary(operator, Box::new(self.computed(operand, depth - 1)))
            }
            Computation::Integer(operator, operands) => Computed::Integer(
                operator,
                Box::new(operands.map(|operand| self.computed(operand, depth - 1))),
            ),
            Computation::Select(operands) => Computed::Select(Box::new(
                operands.map(|operand| self.computed(operand, depth - 1)),
            )),
        }
    }
}

/// Creates values for classes.
struct Making<'a> {
    facts: &'a [Fact],
    /// The value of each class.
    made: Vec<Option<Value>>,
    /// By class: how an operand of it was computed. It is taken before the value is created, because a value
    /// can be computed from itself, for example by adding 0.
    computed: Vec<Option<&'a Computed>>,
    values: &'a mut Values,
}

impl Making<'_> {
    fn value(&mut self, class: u32) -> Value {
        let class = class as usize;
        if let Some(value) = self.made[class] {
            return value;
        }
        let Fact { constant, types, blamed } = &self.facts[class];
        let value = match (constant, self.computed[class].take()) {
            (Some(constant), _) => self.values.constant(*constant),
            (None, Some(computed)) => self.operand(computed).value,
            (None, None) => self.values.unknown_for(*blamed),
        };
        for ty in types {
            self.values.is_of(value, *ty);
        }
        *self.made[class].get_or_insert(value)
    }

    fn operand(&mut self, computed: &Computed) -> Operand {
        let computation = match computed {
            Computed::Of(class) => return self.value(*class).into(),
            Computed::Unary(operator, operand) => {
                Computation::Integer(*operator, [self.operand(operand); 2])
            }
            Computed::Integer(operator, operands) => {
                let operands = operands.each_ref().map(|operand| self.operand(operand));
                Computation::Integer(*operator, operands)
            }
            Computed::Select(operands) => {
                Computation::Select(operands.each_ref().map(|operand| self.operand(operand)))
            }
        };
        self.values.compute(computation)
    }
}

struct Joining<'a> {
    ours: &'a Classes,
    theirs: &'a Classes,
    site: Option<usize>,
    /// The new classes.
    pairs: HashMap<(u32, u32), u32>,
    /// By class of ours: whether it is in a pair. A class in two pairs is split.
    is_paired: Vec<bool>,
    facts: Vec<Fact>,
    changed: bool,
}

impl Joining<'_> {
    /// The class of the places that are in this class of ours and that of theirs.
    fn pair(&mut self, ours: u32, theirs: u32) -> u32 {
        if let Some(class) = self.pairs.get(&(ours, theirs)) {
            return *class;
        }
        let class = self.facts.len() as u32;
        self.pairs.insert((ours, theirs), class);
        self.changed |= core::mem::replace(&mut self.is_paired[ours as usize], true);
        let (us, them) = (&self.ours.facts[ours as usize], &self.theirs.facts[theirs as usize]);
        let constant = us.constant.filter(|_| us.constant == them.constant);
        self.changed |= us.constant != constant;
        let blamed = us.blamed.or(them.blamed).or(self.site);
        // Null has all types of the other value, except non-null ones.
        let types = match (us.constant, them.constant) {
            _ if constant.is_some() => Vec::new(),
            (None, None) => in_both(&us.types, &them.types),
            (None, Some(_)) => nullable(&us.types),
            (Some(_), _) => nullable(&them.types),
        };
        self.changed |= us.types != types;
        self.facts.push(Fact { constant, types, blamed });
        class
    }

    /// The computation, if it is the same on both paths.
    fn computed(&mut self, ours: &Computed, theirs: &Computed) -> Option<Computed> {
        Some(match (ours, theirs) {
            (Computed::Of(ours), Computed::Of(theirs)) => Computed::Of(self.pair(*ours, *theirs)),
            (Computed::Unary(operator, a), Computed::Unary(other, b)) if operator == other => {
                Computed::Unary(*operator, Box::new(self.computed(a, b)?))
            }
            (Computed::Integer(operator, a), Computed::Integer(other, b)) if operator == other => {
                let operands = [self.computed(&a[0], &b[0])?, self.computed(&a[1], &b[1])?];
                Computed::Integer(*operator, Box::new(operands))
            }
            (Computed::Select(a), Computed::Select(b)) => {
                let [a, b, c] = [0, 1, 2].map(|at| self.computed(&a[at], &b[at]));
                Computed::Select(Box::new([a?, b?, c?]))
            }
            _ => return None,
        })
    }
}
