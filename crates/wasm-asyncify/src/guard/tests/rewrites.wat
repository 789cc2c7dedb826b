;; An optimised build in which initialisers of a `thread_local!` were inlined: nothing else is checked.
(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (memory 1)
  (global $__stack_pointer (mut i32) (i32.const 1048576))
  (global $bysyncify_current_core (mut i32) (i32.const 0))
  (global $__tls_base (mut i32) (i32.const 0))
  (func $initialises
    (i32.store8 (i32.const 1028) (i32.const 1))
    (memory.fill (i32.const 1024) (i32.const 1) (i32.const 16)))
  (func $initialises_a_copy
    (i32.store8 (i32.add (global.get $__tls_base) (i32.const 8)) (i32.const 1)))
  (func $other
    (i32.store8 (i32.const 1028) (i32.const 1)))
  (func $bysyncify_resume (param i32 i32 i32) (result i32)
    (call $stop_unwind)
    (i32.const 1))
  (func $bysyncify_suspend
    (call $start_unwind (i32.const 0)))
  (func $bysyncify_outside (param i32 i32))
  (func $bysyncify_set_reporter (param i32)))
