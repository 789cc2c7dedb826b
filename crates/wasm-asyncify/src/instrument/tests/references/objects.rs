//! References of newer kinds: exceptions, objects of GC, and those that cannot be null. The tests are skipped if Node
//! does not know these. `NODE` in the environment can name one that does.

use super::check;

#[test]
fn exceptions() {
    check(
        "1 2 102 3 7 4 8",
        16,
        "(func $throws (param i32) (throw $error (local.get 0)))
        (func $program (param $which i32) (local $exception exnref)
          (block $caught (result exnref)
            (try_table (catch_all_ref $caught)
              (drop (call $wait (i32.const 1)))
              (call $throws (i32.const 7)))
            (unreachable))
          (local.set $exception)
          (call $trace (call $wait (i32.const 2)))
          (call $again (local.get $exception) (i32.const 3))
          (call $again
            (block $caught (result exnref)
              (try_table (catch_all_ref $caught) (call $throws (i32.const 8)))
              (unreachable))
            (i32.const 4)))
        (func $again (param $exception exnref) (param i32)
          (block $caught (result i32)
            (try_table (catch $error $caught)
              (local.get $exception)
              (drop (call $wait (local.get 1)))
              (throw_ref))
            (unreachable))
          (call $trace))",
    );
}

/// The types of the programs below.
const TYPES: &str = "
    (type $numbers (array (mut i32)))
    (type $pair (sub (struct (field i32) (field (mut i32)))))
    (type $more (sub $pair (struct (field i32) (field (mut i32)) (field (ref $numbers)))))
    (type $unary (func (param i32) (result i32)))
    (func $sum (param (ref null $pair)) (result i32)
      (i32.add (struct.get $pair 0 (local.get 0)) (struct.get $pair 1 (local.get 0))))";

#[test]
fn objects() {
    check(
        "1 2 30 5 12 102 77 3 4 103",
        64,
        &format!(
            "{TYPES}
            (func $program (param $which i32)
                (local $any anyref) (local $eq eqref) (local $i31 i31ref) (local $array arrayref)
                (local $struct structref) (local $pair (ref null $pair))
                (local $numbers (ref null $numbers)) (local $none nullref)
              (local.set $pair (struct.new $pair (i32.const 10) (i32.const 20)))
              (local.set $any (local.get $pair))
              (local.set $eq (ref.i31 (i32.const 5)))
              (local.set $i31 (ref.i31 (i32.const 12)))
              (local.set $numbers (array.new $numbers (i32.const 51) (i32.const 2)))
              (local.set $array (local.get $numbers))
              (local.set $struct (local.get $pair))
              (drop (call $wait (i32.const 1)))
              (struct.set $pair 1 (local.get $pair) (i32.const 20))
              (drop (call $wait (i32.const 2)))
              (call $trace (call $sum (local.get $pair)))
              (call $trace (i31.get_s (ref.cast (ref i31) (local.get $eq))))
              (call $trace (i31.get_s (local.get $i31)))
              (call $trace
                (i32.add (array.get $numbers (local.get $numbers) (i32.const 1))
                  (array.get $numbers (ref.cast (ref $numbers) (local.get $array)) (i32.const 0))))
              (call $trace
                (i32.add (i32.const 74) (i32.add
                  (i32.add
                    (ref.eq (local.get $pair) (ref.cast eqref (local.get $any)))
                    (ref.eq (local.get $pair) (local.get $struct)))
                  (ref.is_null (local.get $none)))))
              (drop (call $wait (i32.const 3)))
              (call $trace (i32.const 4))
              (call $trace (i32.add (ref.is_null (local.get $none)) (i32.const 102))))"
        ),
    );
}

#[test]
fn what_cannot_be_null() {
    check(
        "1 7 5 2 3 202 4 109 5 105 6 0.3",
        32,
        &format!(
            "{TYPES}
            (elem declare func $wait $add)
            (func $add (param i32) (result i32) (i32.add (local.get 0) (i32.const 100)))
            ;; A parameter and a result, with a local in between that begins without a value.
            (func $kept (param $x (ref $more)) (param i32) (result (ref $pair))
                (local $y (ref $more)) (local $z (ref $numbers))
              (drop (call $wait (local.get 1)))
              (block $there
                (local.set $y (local.get $x))
                (local.set $z (struct.get $more 2 (local.tee $y (local.get $y))))
                (br_if $there (i32.eqz (call $wait (i32.const 2))))
                (call $trace (array.get $numbers (local.get $z) (i32.const 0))))
              (local.set $y (local.get $x))
              (struct.set $pair 1 (local.get $y) (i32.const 102))
              (local.get $y))
            (func $made (result (ref $more))
              (struct.new $more (i32.const 100) (i32.const 0)
                (array.new $numbers (i32.const 3) (i32.const 1))))
            (func $of_external (param (ref extern) (ref func) (ref i31)) (result (ref extern))
              (drop (call $wait (i31.get_s (local.get 2))))
              (local.get 0))
            (func $program (param $which i32) (local $f (ref $unary))
              (call $trace (i32.const 1))
              (call $trace (i32.const 7))
              (call $trace (call $sum (call $kept (call $made) (i32.const 5))))
              (local.set $f (ref.func $add))
              ;; Operands that wait: of an exact type, and of a function's.
              (ref.func $add)
              (call $made)
              (drop (call $wait (i32.const 4)))
              (drop)
              (call_ref $unary (i32.const 9) (local.get $f))
              (call $trace)
              (call $trace (call_ref $unary (i32.const 5) (ref.func $wait)))
              (drop)
              (block $extern (result externref)
                (call $of_external
                  (ref.as_non_null (call $make (i32.const 3)))
                  (ref.func $wait) (ref.i31 (i32.const 6))))
              (call $see))"
        ),
    );
}
