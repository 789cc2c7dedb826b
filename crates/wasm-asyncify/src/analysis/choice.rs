//! The caller's choice: the imports that suspend, and the functions to instrument whatever the analysis finds.
//!
//! The lists are Binaryen's (`asyncify-imports`, `-onlylist`, `-addlist`, `-removelist`), and mean the
//! same: <https://github.com/WebAssembly/binaryen/blob/main/src/passes/Asyncify.cpp>.

use std::collections::BTreeSet;

use super::names::readable;
use super::program::Program;
use crate::module::FunctionIndex;

/// The imports that suspend their callers: the host answers later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imports {
    /// Imports whose `module.name` matches one of these patterns. In a pattern, `*` stands for any characters.
    Matching(Vec<String>),
    /// All imports except those from `asyncify` itself.
    All,
}

impl Default for Imports {
    /// No imports.
    fn default() -> Self {
        Self::Matching(Vec::new())
    }
}

/// What the caller knows better than the analysis, or wants otherwise. Functions are given by their names in
/// the module, or as a programmer writes them; `*` stands for any characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The imports that suspend.
    pub imports: Imports,
    /// Whether nothing is ever suspended in an indirect call, except in functions of `only` or `add`.
    pub ignore_indirect: bool,
    /// The functions to instrument, instead of those that the analysis finds.
    pub only: Option<Vec<String>>,
    /// Additional functions to instrument.
    pub add: Vec<String>,
    /// Whether the callers of functions in `add` are instrumented, too.
    pub propagate_add: bool,
    /// Functions that never suspend, whatever they call.
    pub remove: Vec<String>,
}

/// The choice for one program, by the indices of functions.
#[derive(Clone, Debug, Default)]
pub(super) struct Chosen {
    pub(super) imports: BTreeSet<FunctionIndex>,
    pub(super) only: Option<BTreeSet<FunctionIndex>>,
    pub(super) add: BTreeSet<FunctionIndex>,
    pub(super) propagate_add: bool,
    pub(super) ignore_indirect: bool,
    /// Each with its pattern.
    pub(super) remove: Vec<(FunctionIndex, String)>,
    /// The patterns that match nothing in this program.
    pub(super) unmatched: Vec<String>,
}

impl Choice {
    pub(super) fn of(&self, program: &Program) -> Chosen {
        let mut chosen = Chosen {
            propagate_add: self.propagate_add,
            ignore_indirect: self.ignore_indirect,
            ..Chosen::default()
        };
        chosen.imports = self.suspending(program, &mut chosen.unmatched);
        let mut listed = |patterns: &[String]| {
            let found = patterns.iter().flat_map(|pattern| {
                let found = functions(program, pattern);
                if found.is_empty() {
                    chosen.unmatched.push(pattern.clone());
                }
                found.into_iter().map(|index| (index, pattern.clone()))
            });
            found.collect::<Vec<_>>()
        };
        let set = |listed: Vec<(FunctionIndex, String)>| -> BTreeSet<_> {
            listed.into_iter().map(|(index, _)| index).collect()
        };
        chosen.only = self.only.as_deref().map(|only| set(listed(only)));
        chosen.add = set(listed(&self.add));
        chosen.remove = listed(&self.remove);
        chosen
    }

    /// A function that is both to be instrumented and said never to suspend, with the two patterns.
    pub(crate) fn contradiction(&self, program: &Program) -> Option<(String, &str, &str)> {
        let removed: Vec<_> =
            self.remove.iter().map(|pattern| (functions(program, pattern), pattern)).collect();
        self.add.iter().find_map(|add| {
            let added = functions(program, add);
            removed.iter().find_map(|(removed, remove)| {
                let function = added.intersection(removed).next()?;
                Some((program.readable(*function), add.as_str(), remove.as_str()))
            })
        })
    }

    fn suspending(
        &self,
        program: &Program,
        unmatched: &mut Vec<String>,
    ) -> BTreeSet<FunctionIndex> {
        let imports = program.functions.iter().filter_map(|(index, function)| {
            let import = function.import.as_ref().filter(|import| import.module != "asyncify")?;
            Some((index, format!("{}.{}", import.module, import.name)))
        });
        let patterns = match &self.imports {
            Imports::All => return imports.map(|(index, _)| index).collect(),
            Imports::Matching(patterns) => patterns,
        };
        // A module may import the same function several times, perhaps with different types.
        let imports: Vec<_> = imports.collect();
        let mut suspending = BTreeSet::new();
        for pattern in patterns {
            let mut found = imports.iter().filter(|(_, name)| matches(pattern, name)).peekable();
            if found.peek().is_none() {
                unmatched.push(pattern.clone());
            }
            suspending.extend(found.map(|(index, _)| *index));
        }
        suspending
    }
}

/// The functions in this module that match a pattern. Imports are left out.
fn functions(program: &Program, pattern: &str) -> BTreeSet<FunctionIndex> {
    let functions = program.functions.iter().filter(|(_, it)| it.import.is_none());
    let found = functions.filter(|(_, function)| {
        function
            .name
            .as_deref()
            .is_some_and(|name| matches(pattern, name) || matches(pattern, &readable(name)))
    });
    found.map(|(index, _)| index).collect()
}

/// Whether `name` matches `pattern`, in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The first match is enough: it leaves the longest rest.
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expected) in [
            ("env.sleep", "env.sleep", true),
            ("env.sleep", "env.sleep2", false),
            ("*", "", true),
            ("env.*", "env.sleep", true),
            ("env.*", "en.sleep", false),
            ("*.sleep", "env.sleep", true),
            ("env.invoke_*", "env.invoke_vii", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "a b bc c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("a*bc", "abbc", true),
            ("*ab*ab", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
