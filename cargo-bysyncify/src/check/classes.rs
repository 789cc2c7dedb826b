//! What is known of many places together: which of them hold the same value, and which a constant.
//!
//! This is the lattice. Where two ways meet, what holds on both of them holds. So the classes of
//! places that hold the same get smaller, and constants are lost, and never the other way round:
//! that comes to an end.

use std::collections::HashMap;

use super::values::{Constant, Value, Values};

/// Which places hold the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    /// By place.
    classes: Vec<u32>,
    /// By class.
    facts: Vec<Fact>,
}

#[derive(Clone, Copy, Debug)]
struct Fact {
    constant: Option<Constant>,
    /// The site whose rewind is to blame if the places held more of the same before.
    blamed: Option<usize>,
}

impl Classes {
    /// What is known of places that hold these values.
    pub(super) fn of(places: &[Value], values: &Values) -> Self {
        let mut class_of = vec![u32::MAX; values.count()];
        let mut classes = Self { classes: Vec::with_capacity(places.len()), facts: Vec::new() };
        for value in places {
            let class = &mut class_of[value.index()];
            if *class == u32::MAX {
                *class = classes.facts.len() as u32;
                let constant = values.as_constant(*value);
                classes.facts.push(Fact { constant, blamed: values.blamed(*value) });
            }
            classes.classes.push(*class);
        }
        classes
    }

    /// Values for the places.
    pub(super) fn values(&self, values: &mut Values) -> Vec<Value> {
        let new = |fact: &Fact| match fact.constant {
            Some(constant) => values.constant(constant),
            None => values.unknown_for(fact.blamed),
        };
        let new: Vec<_> = self.facts.iter().map(new).collect();
        self.classes.iter().map(|class| new[*class as usize]).collect()
    }

    /// Forgets what does not hold on another way, too, which comes from the rewind of a site, or
    /// not. Whether anything was forgotten.
    pub(super) fn join(&mut self, other: &Self, site: Option<usize>) -> bool {
        let mut classes = Vec::with_capacity(self.classes.len());
        let mut facts: Vec<Fact> = Vec::with_capacity(self.facts.len());
        let mut pairs = HashMap::with_capacity(self.facts.len());
        let mut changed = false;
        for (class, others) in self.classes.iter().zip(&other.classes) {
            let joined = *pairs.entry((*class, *others)).or_insert_with(|| {
                let (ours, theirs) = (self.facts[*class as usize], other.facts[*others as usize]);
                let constant = ours.constant.filter(|_| ours.constant == theirs.constant);
                changed |= ours.constant != constant;
                facts.push(Fact { constant, blamed: ours.blamed.or(theirs.blamed).or(site) });
                facts.len() as u32 - 1
            });
            classes.push(joined);
        }
        changed |= facts.len() != self.facts.len();
        if changed {
            *self = Self { classes, facts };
        }
        changed
    }
}
