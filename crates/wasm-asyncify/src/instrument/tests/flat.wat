;; Functions in each form, which call each other; who begins to resume them; and who needs no frame.

(module $demo
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (memory 1)
  (func $suspend (param i32)
    (call $start_unwind (local.get 0)) (call $stop_rewind))
  (func $entry (param $x i32) (result i32)
    (i32.add (call $fast (local.get $x)) (local.get $x)))
  (func $fast (param $x i32) (result i32) (local $i i32)
    (loop $again
      (call $suspend (local.get $x))
      (br_if $again (local.tee $i (i32.add (local.get $i) (i32.const 1)))))
    (i32.mul (call $passes_on (local.get $i)) (local.get $x)))
  (func $passes_on (param i32) (result i32) (call $entry (local.get 0)))
  (func $resume (param i32)
    (call $start_rewind (i32.const 8))
    (drop (call $entry (local.get 0)))
    (call $stop_unwind)))
