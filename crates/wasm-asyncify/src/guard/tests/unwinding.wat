;; Panics unwind: what is added restores the globals also if an exception passes through it.
(module
  (import "env" "print" (func $print (param i32) (result f32)))
  (tag $exception (param i32))
  (global $__stack_pointer (mut i32) (i32.const 1048576))
  (global $bysyncify_current_core (mut i32) (i32.const 0))
  (func $poll
    (drop (call $bysyncify_resume (i32.const 1) (i32.const 2) (i32.const 3)))
    (drop (call $print (i32.const 6)))
    (call $panic (i32.const 7)))
  (func $catches
    CATCH)
  (func $panic (param i32)
    (throw $exception (local.get 0)))
  (func $bysyncify_resume (param i32 i32 i32) (result i32)
    (i32.const 1)))
