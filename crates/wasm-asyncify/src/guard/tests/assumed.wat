;; An optimised build with the precise analysis: it is looked after calls that are assumed not to
;; suspend, and nothing else is checked.
(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (type $t (func (param i32) (result i32)))
  (table 2 funcref)
  (memory 1)
  (global $__stack_pointer (mut i32) (i32.const 1048576))
  (global $bysyncify_current_core (mut i32) (i32.const 0))
  (func $calls (result i32)
    (call $waits)
    (call $other)
    (i32.add
      (call_indirect (type $t) (i32.const 1) (i32.const 0))
      (call_indirect (type $t) (i32.const 2) (i32.const 0))))
  (func $does_not_return
    (call $waits)
    (unreachable))
  (func $waits)
  (func $other)
  (func $bysyncify_resume (param i32 i32 i32) (result i32)
    (call $stop_unwind)
    (i32.const 1))
  (func $bysyncify_suspend
    (call $start_unwind (i32.const 0)))
  (func $bysyncify_outside (param i32 i32))
  (func $bysyncify_set_reporter (param i32)))
