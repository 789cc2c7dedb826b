//! The analysis of a module, without the transform.

use crate::analysis::{Analysis, Explainer, Explanation, Program, readable};
use crate::error::Error;
use crate::options::Options;
use crate::transform;

/// Which functions of a module would be instrumented, and why.
#[derive(Debug)]
pub struct Findings {
    program: Program,
    analysis: Analysis,
}

/// Finds out which functions of a module [`transform`](crate::transform()) would instrument.
///
/// ```
/// # let module = wat::parse_str(r#"(module
/// #     (import "env" "sleep" (func $sleep)) (memory 1)
/// #     (func $waits (call $sleep)) (func $computes))"#)?;
/// use wasm_asyncify::analysis::{Choice, Imports};
/// use wasm_asyncify::{Options, Producer, analyse};
///
/// let choice = Choice { imports: Imports::All, ..Choice::default() };
/// let options = Options { producer: Producer::Any, choice, ..Options::default() };
/// let findings = analyse(&module, &options)?;
///
/// let why = findings.explain("waits").expect("there is such a function");
/// assert_eq!(why.verdict, "is instrumented: it can be on the stack when that is suspended");
/// assert_eq!(why.calls, ["> waits", "    calls sleep"]);
/// let why = findings.explain("computes").expect("there is such a function");
/// assert_eq!(why.verdict, "is not instrumented: nothing that it calls ever suspends");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the module is not valid, has been through Asyncify already, or lacks what an option names.
pub fn analyse(module: &[u8], options: &Options) -> Result<Findings, Error> {
    let (_, program, analysis) = transform::examine(module, options)?;
    Ok(Findings { program, analysis })
}

impl Findings {
    /// The module's functions.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The analysis of these functions.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// Explains why a function is instrumented, or is not: the first function of this name, as it is in the module or
    /// as a programmer writes it. None if there is none.
    pub fn explain(&self, function: &str) -> Option<Explanation> {
        let is_meant = |name: &str| name == function || readable(name) == function;
        let mut functions = self.program.functions.iter();
        let (index, _) = functions.find(|(_, it)| it.name.as_deref().is_some_and(is_meant))?;
        Some(self.explainer().explain(index))
    }

    /// The same for many functions.
    pub fn explainer(&self) -> Explainer<'_> {
        Explainer::new(&self.program, &self.analysis)
    }
}
