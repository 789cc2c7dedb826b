//! Checks that no two files import each other, directly or through others.
//!
//! It reads `use` and every other path that begins with `crate` or `super`, outside of tests. An import of a name
//! that a folder's `mod.rs` re-exports counts as an import of the file that defines it. Imports of a `mod.rs` from
//! files below it do not count: it declares them, and refers to them anyway. Imports in the other direction count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::slice::from_ref;

use anyhow::{Context as _, Result, bail};

use super::Context;
use tokens::{Token, tokens};

mod tokens;

/// The root files of the crates.
const CRATES: [&str; 5] = [
    "src/lib.rs",
    "crates/wasm-asyncify/src/lib.rs",
    "crates/wasm-asyncify/src/bin/wasm-asyncify/main.rs",
    "crates/cargo-bysyncify/src/lib.rs",
    "xtask/src/main.rs",
];

pub(super) fn check(context: &Context) -> Result<()> {
    let root = &context.workspace.root;
    for entry in CRATES {
        let mut files = Files::default();
        files.read(&root.join(entry), &[])?;
        if let Some(circle) = files.circle() {
            let files: Vec<_> =
                circle.iter().map(|file| file.strip_prefix(root)).collect::<Result<_, _>>()?;
            let lines = files.iter().map(|file| format!("\n  {} imports", file.display()));
            let first = files[0].display();
            bail!("files import each other:{}\n  {first}", lines.collect::<String>());
        }
    }
    Ok(())
}

/// The path of a module in its crate.
type Module = Vec<String>;

/// The files of a crate, by module.
#[derive(Default)]
struct Files(BTreeMap<Module, File>);

struct File {
    path: PathBuf,
    imports: Vec<Import>,
    /// The names that it re-exports, with what they refer to.
    exported: BTreeMap<String, Import>,
}

/// A path, and the module that it is relative to.
#[derive(Clone)]
struct Import {
    base: Module,
    names: Vec<String>,
}

impl Files {
    /// Reads a module's file, and the files of its submodules.
    fn read(&mut self, path: &Path, module: &[String]) -> Result<()> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let parsed = Parsed::new(&tokens(&text), module);
        let is_folder = ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| path.ends_with(name));
        let folder = if is_folder { path.with_file_name("") } else { path.with_extension("") };
        for name in parsed.modules {
            let below = [module, from_ref(&name)].concat();
            let files = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
            // Other files are written by a build script, or belong to another crate.
            if let Some(file) = files.iter().find(|file| file.exists()) {
                self.read(file, &below)?;
            }
        }
        let Parsed { imports, exported, .. } = parsed;
        self.0.insert(module.to_vec(), File { path: path.to_owned(), imports, exported });
        Ok(())
    }

    /// The module whose file defines an imported name.
    fn origin(&self, import: &Import) -> Module {
        let mut import = import.clone();
        // A name can be re-exported several times. The limit ends a cycle of re-exports.
        for _ in 0..self.0.len() {
            let mut names = import.names.into_iter().peekable();
            while let Some(name) = names
                .next_if(|name| self.0.contains_key(&[&import.base[..], from_ref(name)].concat()))
            {
                import.base.push(name);
            }
            let exported = self.0.get(&import.base).map(|file| &file.exported);
            match names.next().and_then(|name| exported?.get(&name)) {
                Some(further) => import = further.clone(),
                None => break,
            }
        }
        import.base
    }

    /// The modules whose files a file imports, if the import counts.
    fn imported<'a>(&'a self, module: &'a Module) -> impl Iterator<Item = Module> + 'a {
        let imports = self.0.get(module).into_iter().flat_map(|file| &file.imports);
        imports.map(|import| self.origin(import)).filter(move |other| !other.starts_with(module))
    }

    /// Files of which each imports the next, and the last imports the first.
    fn circle(&self) -> Option<Vec<&Path>> {
        let mut done = BTreeSet::new();
        let way = self
            .0
            .keys()
            .find_map(|module| self.circle_from(module, &mut Vec::new(), &mut done))?;
        Some(way.iter().map(|module| &*self.0[module].path).collect())
    }

    fn circle_from(
        &self,
        module: &Module,
        way: &mut Vec<Module>,
        done: &mut BTreeSet<Module>,
    ) -> Option<Vec<Module>> {
        if let Some(start) = way.iter().position(|other| other == module) {
            return Some(way.split_off(start));
        }
        if !done.insert(module.clone()) {
            return None;
        }
        way.push(module.clone());
        let found = self.imported(module).find_map(|other| self.circle_from(&other, way, done));
        way.pop();
        found
    }
}

/// The relevant contents of a file.
#[derive(Default)]
struct Parsed {
    /// The modules that it declares.
    modules: Vec<String>,
    imports: Vec<Import>,
    exported: BTreeMap<String, Import>,
}

impl Parsed {
    fn new(all: &[Token], module: &[String]) -> Self {
        let mut parsed = Self::default();
        let mut rest = all;
        let mut is_public = false;
        while let [token, after @ ..] = rest {
            rest = after;
            match (token.name(), after) {
                ("pub", _) => {
                    is_public = true;
                    // `pub(crate)`, `pub(in crate::a)`
                    if let [Token::Other('('), ..] = after {
                        let end = after.iter().position(|it| *it == Token::Other(')'));
                        rest = &after[end.map_or(after.len(), |end| end + 1)..];
                    }
                    continue;
                }
                ("mod", [Token::Name(name), Token::Other(';'), ..]) => {
                    parsed.modules.push(name.clone());
                }
                ("use", _) => {
                    for (names, last) in tree(&mut rest) {
                        let import = Import::new(names, module);
                        match is_public {
                            true => drop(parsed.exported.insert(last, import)),
                            false => parsed.imports.push(import),
                        }
                    }
                }
                ("crate" | "super", [Token::Colons, ..]) => {
                    rest = &all[all.len() - after.len() - 1..];
                    let found = tree(&mut rest).into_iter();
                    parsed.imports.extend(found.map(|(names, _)| Import::new(names, module)));
                }
                _ => {}
            }
            is_public = false;
        }
        parsed
    }
}

impl Import {
    fn new(names: Vec<String>, module: &[String]) -> Self {
        let mut base = module.to_vec();
        let mut names = names.into_iter().peekable();
        while let Some(name) = names.next_if(|it| ["crate", "self", "super"].contains(&&**it)) {
            match &*name {
                "crate" => base.clear(),
                "super" => drop(base.pop()),
                _ => {}
            }
        }
        Self { base, names: names.collect() }
    }
}

/// The paths in a `use` tree, each with the name that it is imported under.
fn tree(rest: &mut &[Token]) -> Vec<(Vec<String>, String)> {
    let mut path = Vec::new();
    loop {
        match *rest {
            [Token::Name(name), after @ ..] => {
                path.push(name.clone());
                *rest = after;
            }
            [Token::Other('{'), after @ ..] => {
                *rest = after;
                let mut all = Vec::new();
                while !matches!(*rest, [] | [Token::Other('}'), ..]) {
                    let found = tree(rest).into_iter();
                    all.extend(found.map(|(names, last)| ([&path[..], &names].concat(), last)));
                    *rest = rest.get(1..).filter(|_| rest[0] == Token::Other(',')).unwrap_or(rest);
                }
                *rest = rest.get(1..).unwrap_or_default();
                return all;
            }
            // A `*`, or something invalid.
            _ => {
                *rest = rest.get(1..).unwrap_or_default();
                return vec![(path, "*".to_owned())];
            }
        }
        match *rest {
            [Token::Colons, after @ ..] => *rest = after,
            [Token::Name(r#as), Token::Name(name), after @ ..] if r#as == "as" => {
                *rest = after;
                return vec![(path, name.clone())];
            }
            _ => {
                let last = path.last().cloned().unwrap_or_default();
                return vec![(path, last)];
            }
        }
    }
}

#[cfg(test)]
mod tests;
