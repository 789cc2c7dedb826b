//! Random code that throws and catches exceptions. One that is thrown after a wait is caught by a function that was
//! resumed before or after it was thrown, in the same coroutine or in one that polls it, or by the host's function.

use super::code::Writer;

/// In one of this many times an exception is thrown, where it may be.
const RARITIES: [usize; 4] = [2, 8, 32, 100];

/// How many coroutines catch all that is thrown in them, in percent.
const CATCHING: usize = 50;

/// The tags; and a function in place of `$resume`, which an exception of the coroutine's may come through: then the
/// coroutine has finished.
const THROWING: &str = r#"
  (tag $error (param i32))
  (tag $rare (param i32))
  (func $resume_or_throw (param $core i32)
    (local $outer i32)
    (local.set $outer (global.get $current))
    (block $thrown (result exnref)
      (try_table (catch_all_ref $thrown) (call $resume (local.get $core)))
      (return))
    (global.set $current (local.get $outer))
    (i32.store offset=12 (local.get $core) (i32.const 5))
    (call $trace (i32.const -2))
    throw_ref)
"#;

/// The switch of programs that throw.
pub(super) fn switch(plain: &str) -> String {
    let import = "  (import \"host\" \"throws\" (func $throws))\n";
    let switch = plain.replace("(call $resume ", "(call $resume_or_throw ");
    [import, &switch, THROWING].concat()
}

impl Writer<'_> {
    pub(super) fn about_exceptions(&mut self, nesting: usize) {
        if nesting == 0 || self.random.percent(30) {
            return self.throw();
        }
        match self.random.below(5) {
            0 | 1 => self.catch(nesting - 1),
            2 => self.catch_for_later(nesting - 1),
            3 => self.clean_up(nesting - 1),
            _ => self.catching_all(|it| it.statements(2, nesting - 1)),
        }
        self.trace();
    }

    fn tag(&mut self) -> &'static str {
        if self.random.percent(75) { "$error" } else { "$rare" }
    }

    fn throw(&mut self) {
        let (number, most) = (self.random_number(), *self.random.pick(&RARITIES));
        let (tag, thrown) = (self.tag(), self.random_number());
        self.line(&format!(
            "(if (i32.eqz (i32.rem_u {number} (i32.const {most}))) \
             (then (call $throws) (throw {tag} {thrown})))"
        ));
    }

    /// Handles what is thrown in some statements: the value that was thrown is in a local then.
    fn catch(&mut self, nesting: usize) {
        let tag = self.tag();
        self.line(&format!("(block (result i32) (try_table (catch {tag} 0)"));
        self.statements(2, nesting);
        self.line(") (local.get $number)) local.set $number");
    }

    /// The same, and sometimes throws the exception again later. It is alive while other code waits.
    fn catch_for_later(&mut self, nesting: usize) {
        let tag = self.tag();
        self.line(&format!("(block (result i32 exnref) (try_table (catch_ref {tag} 0)"));
        self.statements(2, nesting);
        self.line(") (local.get $number) (ref.null exn)) local.set $exception local.set $number");
        if self.waits {
            self.wait();
        }
        self.direct_call();
        let condition = self.condition();
        self.line(&format!(
            "(if (i32.eqz (ref.is_null (local.get $exception))) (then \
             (if {condition} (then (throw_ref (local.get $exception))))))"
        ));
    }

    /// Runs other code while an exception passes, as for a destructor.
    fn clean_up(&mut self, nesting: usize) {
        self.line("(block (block (result exnref) (try_table (catch_all_ref 0)");
        self.statements(2, nesting);
        self.line(") (br 1)) local.set $exception");
        self.trace();
        if self.waits {
            self.wait();
        }
        self.line("(throw_ref (local.get $exception)))");
    }

    /// Writes code from which no exception comes.
    pub(super) fn catching_all(&mut self, code: impl FnOnce(&mut Self)) {
        if self.throws {
            self.line("(block (try_table (catch_all 0)");
        }
        code(self);
        if self.throws {
            self.line("))");
        }
    }

    /// The code of a coroutine. Exceptions leave some coroutines.
    pub(super) fn start_catching(&mut self) {
        if self.throws && self.random.percent(CATCHING) {
            self.catching_all(Self::start);
        } else {
            self.start();
        }
    }
}
