;; Functions in each form, which call each other; who begins to resume them; and who needs no frame.

(module $demo
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (memory 1)
  (func $suspend (param i32)
    (call $start_unwind (local.get 0)) (call $stop_rewind))
  (func $entry (param i32) (result i32)
    (i32.add (call $fast (local.get 0)) (local.get 0)))
  (func $fast (param i32) (result i32) (local i32)
    (loop $again
      (call $suspend (local.get 0))
      (br_if $again (local.tee 1 (i32.add (local.get 1) (i32.const 1)))))
    (i32.mul (call $passes_on (local.get 1)) (local.get 0)))
  (func $passes_on (param i32) (result i32) (call $entry (local.get 0)))
  (func $resume (param i32)
    (call $start_rewind (i32.const 8))
    (drop (call $entry (local.get 0)))
    (call $stop_unwind)))
