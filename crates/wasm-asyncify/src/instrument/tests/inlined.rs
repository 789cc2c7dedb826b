//! Functions into which others were inlined do what they did before. All other programs run in this form, too, if
//! they have a function that is called in one place.

use super::run::check;

#[test]
fn what_was_put_into_a_loop_begins_with_zeroes_each_time() {
    check(
        6,
        "(func $program (local $i i32)
           (loop $again
             (call $trace (call $part (local.get $i)))
             (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3)))))
         (func $part (param $n i32) (result i32) (local $sum i32) (local $wide i64) (local $vector v128)
           (local $half f32) (local $whole f64)
           (call $trace (local.get $sum))
           (call $trace (i32.wrap_i64 (local.get $wide)))
           (call $trace (i32x4.extract_lane 1 (local.get $vector)))
           (call $trace (i32.trunc_f32_s (local.get $half)))
           (call $trace (i32.trunc_f64_s (local.get $whole)))
           (local.set $sum (i32.add (call $wait (local.get $n)) (local.get $sum)))
           (local.set $wide (i64.const 7))
           (local.set $vector (i32x4.splat (local.get $sum)))
           (local.set $half (f32.const 3))
           (local.set $whole (f64.const 4))
           (local.set $n (i32.add (local.get $n) (i32.const 10)))
           (i32.add (local.get $sum) (call $wait (local.get $n))))",
    );
}

#[test]
fn what_was_put_elsewhere_returns_to_there() {
    check(
        3,
        "(func $program (local $i i32)
           (loop $again
             (call $trace (i32.sub (i32.const 1000) (call $part (local.get $i) (i32.const 5))))
             (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5)))))
         (func $part (param $n i32) (param $m i32) (result i32)
           (block $out
             (loop $down
               (if (i32.eqz (local.get $n)) (then (return (i32.const 50))))
               (if (i32.eq (local.get $n) (i32.const 2)) (then (br 3 (i32.const 60))))
               (if (i32.eq (local.get $n) (i32.const 1)) (then (br_table 3 3 (i32.const 70) (i32.const 0))))
               (br $out)))
           (drop (i32.const 1))
           (i32.add (call $wait (local.get $m)) (call $inner (local.get $n))))
         (func $inner (param $n i32) (result i32)
           (if (i32.eq (local.get $n) (i32.const 3)) (then (return (call $wait (i32.const 9)))))
           (call $trace (local.get $n))
           (i32.const 2))",
    );
}

#[test]
fn indirect_calls_are_where_they_were_put() {
    check(
        4,
        "(type $other (func (param i64) (result i32)))
         (elem (i32.const 3) func $never)
         (func $never (type $other) (i32.wrap_i64 (local.get 0)))
         (func $program
           (call $trace (call_indirect (type $other) (i64.const 1) (i32.const 3)))
           (call $trace (call_indirect (type $unary) (i32.const 2) (i32.const 1)))
           (call $trace (call $part))
           (call $trace (call_indirect (type $other) (i64.const 3) (i32.const 3)))
           (call $trace (call_indirect (type $unary) (i32.const 4) (i32.const 2))))
         (func $part (result i32)
           (call $trace (call_indirect (type $other) (i64.const 5) (i32.const 3)))
           (call $trace (call_indirect (type $unary) (i32.const 6) (i32.const 2)))
           (call_indirect (type $unary) (i32.const 7) (i32.const 1)))",
    );
}
