//! What is known of many places together: which of them hold the same value, and which a constant.
//! Of operands it is also known how they were computed: the transform may compute them later than
//! the original, so that only one of the functions has them where ways meet.
//!
//! This is the lattice. Where two ways meet, what holds on both of them holds. So the classes of
//! places that hold the same get smaller, and constants and computations are lost, and never the
//! other way round: that comes to an end.

use std::collections::HashMap;

use super::values::{Constant, Integer, Node, Value, Values};

/// How many operators deep the computation of an operand is remembered.
const DEPTH: usize = 16;

/// Which places hold the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    /// By place.
    classes: Vec<u32>,
    /// By class: of the places, and of what they were computed from.
    facts: Vec<Fact>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Fact {
    constant: Option<Constant>,
    computed: Option<Computed>,
    /// The site whose rewind is to blame if the places held more of the same before.
    blamed: Option<usize>,
}

/// How a value was computed from those of other classes.
#[derive(Clone, Copy, Debug)]
enum Computed {
    Sum(u32, Constant),
    Integer(Integer, [u32; 2]),
    Select([u32; 3]),
}

impl Classes {
    /// What is known of places that hold these values. Of the `operands` among them it is remembered
    /// how they were computed.
    pub(super) fn of(places: &[Value], operands: &[Value], values: &Values) -> Self {
        let mut class_of = vec![u32::MAX; values.count()];
        let mut classes = Self { classes: Vec::with_capacity(places.len()), facts: Vec::new() };
        for value in places {
            let class = classes.class(*value, values, &mut class_of);
            classes.classes.push(class);
        }
        for operand in operands {
            classes.computed(*operand, values, &mut class_of, DEPTH);
        }
        classes
    }

    fn class(&mut self, value: Value, values: &Values, class_of: &mut [u32]) -> u32 {
        let class = &mut class_of[value.index()];
        if *class == u32::MAX {
            *class = self.facts.len() as u32;
            let constant = values.as_constant(value);
            self.facts.push(Fact { constant, computed: None, blamed: values.blamed(value) });
        }
        *class
    }

    /// Remembers how a value was computed. Its class.
    fn computed(
        &mut self,
        value: Value,
        values: &Values,
        class_of: &mut [u32],
        depth: usize,
    ) -> u32 {
        let class = self.class(value, values, class_of);
        if depth == 0 || self.facts[class as usize].computed.is_some() {
            return class;
        }
        let mut inner = |value| self.computed(value, values, class_of, depth - 1);
        let computed = match values.node(value) {
            Node::Constant(_) | Node::Unknown => None,
            Node::Sum(base, more) => Some(Computed::Sum(inner(base), more)),
            Node::Integer(operator, operands) => {
                Some(Computed::Integer(operator, operands.map(inner)))
            }
            Node::Select(operands) => Some(Computed::Select(operands.map(inner))),
        };
        self.facts[class as usize].computed = computed;
        class
    }

    /// Values for the places.
    pub(super) fn values(&self, values: &mut Values) -> Vec<Value> {
        let mut made = vec![None; self.facts.len()];
        self.classes.iter().map(|class| self.value(*class, &mut made, values)).collect()
    }

    fn value(&self, class: u32, made: &mut [Option<Value>], values: &mut Values) -> Value {
        if let Some(value) = made[class as usize] {
            return value;
        }
        let Fact { constant, computed, blamed } = self.facts[class as usize];
        let value = match (constant, computed) {
            (Some(constant), _) => values.constant(constant),
            (None, None) => values.unknown_for(blamed),
            (None, Some(Computed::Sum(base, more))) => {
                let (base, more) = (self.value(base, made, values), values.constant(more));
                values.integer(Integer::Add, [base, more])
            }
            (None, Some(Computed::Integer(operator, operands))) => {
                let operands = operands.map(|class| self.value(class, made, values));
                values.integer(operator, operands)
            }
            (None, Some(Computed::Select(operands))) => {
                let [a, b, c] = operands.map(|class| self.value(class, made, values));
                values.select(a, b, c)
            }
        };
        made[class as usize] = Some(value);
        value
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
        let Joining { facts, changed, .. } = joining;
        if changed {
            *self = Self { classes, facts };
        }
        changed
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
        self.facts.push(Fact::default());
        self.changed |= core::mem::replace(&mut self.is_paired[ours as usize], true);
        let (us, them) = (self.ours.facts[ours as usize], self.theirs.facts[theirs as usize]);
        let constant = us.constant.filter(|_| us.constant == them.constant);
        let computed = match (us.computed, them.computed) {
            (Some(Computed::Sum(a, more)), Some(Computed::Sum(b, other))) if more == other => {
                Some(Computed::Sum(self.pair(a, b), more))
            }
            (Some(Computed::Integer(operator, a)), Some(Computed::Integer(other, b)))
                if operator == other =>
            {
                let operands = [self.pair(a[0], b[0]), self.pair(a[1], b[1])];
                Some(Computed::Integer(operator, operands))
            }
            (Some(Computed::Select(a)), Some(Computed::Select(b))) => {
                let operands =
                    [self.pair(a[0], b[0]), self.pair(a[1], b[1]), self.pair(a[2], b[2])];
                Some(Computed::Select(operands))
            }
            _ => None,
        };
        self.changed |= us.constant != constant || us.computed.is_some() != computed.is_some();
        let blamed = us.blamed.or(them.blamed).or(self.site);
        self.facts[class as usize] = Fact { constant, computed, blamed };
        class
    }
}
