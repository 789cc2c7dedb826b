//! What is known of many places together: which of them hold the same value, and which a constant.
//! Of operands it is also known how they were computed: the transform may compute them later than
//! the original, so that only one of the functions has them where ways meet.
//!
//! This is the lattice of the dataflow analysis. At a join only what holds on both paths is kept. So each
//! step makes the classes of equal places smaller, or forgets constants and computations; the analysis
//! terminates.

use std::collections::HashMap;

use wasmparser::RefType;

use super::types::{in_both, nullable};
use super::values::{Computation, Constant, Integer, Operand, Value, Values};

/// How many operators deep the computation of an operand is remembered.
const DEPTH: usize = 16;

/// Which places hold the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    /// By place.
    classes: Vec<u32>,
    /// By class: of the places, and of what they were computed from.
    facts: Vec<Fact>,
    /// How some places were computed, in order of the places.
    computed: Vec<(usize, Computed)>,
}

#[derive(Clone, Debug, Default)]
struct Fact {
    constant: Option<Constant>,
    /// The types that it is known to be of if it is a reference.
    types: Vec<RefType>,
    /// The site whose rewind is to blame if the places held more of the same before.
    blamed: Option<usize>,
}

/// How an operand was computed from values of classes.
#[derive(Clone, Debug)]
enum Computed {
    Of(u32),
    /// By an operator with one operand.
    Unary(Integer, Box<Computed>),
    Integer(Integer, Box<[Computed; 2]>),
    Select(Box<[Computed; 3]>),
}

impl Classes {
    /// What is known of these places.
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

    /// Forgets what does not hold on another way, too, which comes from the rewind of a site, or
    /// not. Whether anything was forgotten.
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

/// Finds the classes of values.
struct Reading<'a> {
    values: &'a Values,
    /// By value.
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

/// Makes values for classes.
struct Making<'a> {
    facts: &'a [Fact],
    /// By class.
    made: Vec<Option<Value>>,
    /// By class: how an operand of it was computed. None any more while it is made: a value can be
    /// computed from itself, such as by adding 0.
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
    /// By class of ours: whether it is in a pair. If it is in two it is split.
    is_paired: Vec<bool>,
    facts: Vec<Fact>,
    changed: bool,
}

impl Joining<'_> {
    /// The class of what is in one of ours and one of theirs.
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
        // Null is of all types that the other is of, except those without it.
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

    /// How it was computed, if it was so on both ways.
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
