;; What is instrumented in `instrumented.wat`: `$waits` and `$deeper`, with `$suspend` as what begins
;; an unwind.
(module
  (type $unary (func (param i32) (result i32)))
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (import "env" "effect" (func $effect (param i32)))
  (memory 1)
  (table 2 funcref)
  (elem (i32.const 1) func $deeper)
  (func $suspend (param i32) (result i32)
    call $stop_rewind
    i32.const 16
    call $start_unwind
    i32.const 0)
  (func $deeper (param $x i32) (result i32)
    (i32.mul (call $suspend (local.get $x)) (i32.const 3)))
  (func $waits (param $x i32) (param $y f64) (result i32) (local $sum i32)
    ;; An operand waits below the call.
    (local.set $sum
      (i32.add
        (i32.load (local.get $x))
        (call $deeper (local.get $x))))
    (loop $again
      (if (i32.lt_s (local.get $sum) (i32.const 100))
        (then
          (local.set $sum
            (i32.add
              (local.get $sum)
              (call_indirect (type $unary) (local.get $x) (local.get $sum))))
          (call $effect (local.get $x)))
        (else
          (f64.store (local.get $x) (local.get $y))
          (local.set $x (call $suspend (local.get $sum)))))
      (br_if $again (local.get $x)))
    (call $effect (local.get $sum))
    (local.get $sum)))
