//! A function whose callee has thrown, where functions are resumed one by one. If it has to be resumed, this
//! proves that it continues as if its call had thrown. If not, this proves that no exception could be caught
//! there.

use super::operators::Op;
use super::pair::Pair;
use super::protocol::THROWING;
use super::values::Values;
use super::walk::Walk;
use super::wrong::Wrong;

impl Walk<'_, '_> {
    /// Continues with both after the call of a site has thrown, and the dispatcher has caught the exception.
    /// The dispatcher calls the function if that may catch anything; otherwise it must be right not to.
    pub(super) fn thrown(
        &self,
        at: usize,
        values: &mut Values,
        open: &mut Vec<Pair>,
    ) -> Result<(), Wrong> {
        let flat = self.flat.ok_or_else(|| Wrong::new("nobody resumes it alone"))?;
        let Some(thrown) = flat.thrown.filter(|_| flat.catches(self.function)) else {
            return match self.original.code.clauses(at).is_empty() {
                true => Ok(()),
                false => Err(Wrong::new("what its callee throws is not thrown in it")),
            };
        };
        let (original, machine, memory, _) = self.entered_again(at, THROWING, values)?;
        let (machine, memory) = self.run_alone(machine, memory, values)?;
        let step = &self.instrumented.code.steps[machine.function.at];
        let throws = matches!(step.op, Op::Call(function) if function == thrown.throw);
        if !throws || !machine.inner.is_empty() || !memory.kept.is_empty() {
            return Err(Wrong::new("what its callee has thrown is not thrown again"));
        }
        let pair = Pair::new(original, machine, Some(self.sites[&at].number));
        self.throws(&pair, values, open)
    }
}
