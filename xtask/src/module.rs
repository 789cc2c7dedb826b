//! Reads a guest module before it runs: finds its tests, and checks that it follows the rules.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasmi::{Engine, ExternType, FuncType, Module, ValType};

/// The prefix of the export names of tests. The rest of the name is the test's.
pub(crate) const TEST_PREFIX: &str = "test ";

/// The functions of module `host` that a guest may import: parameters, then results.
const HOST_FUNCTIONS: [(&str, &[ValType], &[ValType]); 7] = [
    ("log", &[ValType::I32, ValType::I32], &[]),
    ("panicked", &[ValType::I32, ValType::I32], &[]),
    ("expect_trap", &[ValType::I32, ValType::I32], &[]),
    ("allow_trap", &[ValType::I32, ValType::I32], &[]),
    ("random_seed", &[], &[ValType::I64]),
    ("is_checked", &[], &[ValType::I32]),
    ("is_stack_checked", &[], &[ValType::I32]),
];

/// A module that can be passed to an engine.
#[derive(Debug)]
pub(crate) struct GuestModule {
    pub(crate) path: PathBuf,
    /// The names of its tests, in the order of its exports. Never empty.
    pub(crate) tests: Vec<String>,
    /// What it checks at run time: tests expect other messages then.
    pub(crate) checks: Checks,
}

/// What a module checks at run time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checks {
    /// Everything that our linker adds to debug builds.
    pub(crate) all: bool,
    /// That no coroutine's stack overflows.
    pub(crate) stack: bool,
}

impl GuestModule {
    /// Reads the module. An error if it imports what the host does not offer, or has no test.
    pub(crate) fn open(path: &Path, checks: Checks) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let module = Module::new(&Engine::default(), &bytes)
            .with_context(|| format!("`{}` is not a valid module", path.display()))?;
        check_imports(&module)?;
        Ok(Self { path: path.into(), tests: find_tests(&module)?, checks })
    }

    /// Reads a module that catches exceptions, which our interpreter does not support.
    pub(crate) fn open_with_exceptions(path: &Path, checks: Checks) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let mut tests = Vec::new();
        for payload in wasmparser::Parser::new(0).parse_all(&bytes) {
            if let wasmparser::Payload::ExportSection(exports) = payload? {
                for export in exports {
                    tests.extend(export?.name.strip_prefix(TEST_PREFIX).map(String::from));
                }
            }
        }
        if tests.is_empty() {
            bail!("`{}` exports no test", path.display());
        }
        Ok(Self { path: path.into(), tests, checks })
    }

    /// The names of the tests that contain `filter`.
    pub(crate) fn select(&self, filter: Option<&str>) -> Vec<String> {
        let wanted = |name: &&String| filter.is_none_or(|part| name.contains(part));
        self.tests.iter().filter(wanted).cloned().collect()
    }
}

fn check_imports(module: &Module) -> Result<()> {
    for import in module.imports() {
        let known = import.module() == "host"
            && HOST_FUNCTIONS.iter().any(|(name, parameters, results)| {
                *name == import.name() && is_function(import.ty(), parameters, results)
            });
        if !known {
            let hint = if import.module() == "asyncify" {
                ": the module was not asyncified"
            } else {
                ": guests may import only `log`, `panicked`, `expect_trap`, `allow_trap`, \
                 `random_seed`, `is_checked` and `is_stack_checked` of `host`, with the types in \
                 tests/README.md"
            };
            bail!("unknown import `{}.{}`{hint}", import.module(), import.name());
        }
    }
    Ok(())
}

fn find_tests(module: &Module) -> Result<Vec<String>> {
    let mut tests = Vec::new();
    for export in module.exports() {
        let Some(name) = export.name().strip_prefix(TEST_PREFIX) else { continue };
        if !is_function(export.ty(), &[], &[]) {
            bail!("export `test {name}` is not a function of type () -> ()");
        }
        tests.push(name.into());
    }
    if tests.is_empty() {
        bail!("no test was found: no export's name starts with `test `");
    }
    Ok(tests)
}

fn is_function(external: &ExternType, parameters: &[ValType], results: &[ValType]) -> bool {
    let matches = |found: &FuncType| found.params() == parameters && found.results() == results;
    external.func().is_some_and(matches)
}
