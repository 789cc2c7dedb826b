;; The same for addresses of 64 bits.
(module
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "env" "print" (func $print (param i64)))
  (memory i64 1)
  (global $__stack_pointer (mut i64) (i64.const 1048576))
  (global $bysyncify_current_core (mut i64) (i64.const 0))
  (func $panic
    (call $print (i64.const 1)))
  (func $bysyncify_resume (param i64 i64 i64) (result i32)
    (call $stop_unwind)
    (i32.const 1)))
