;; The same for addresses of 64 bits, and without data.
(module
  (memory i64 1)
  (global $__stack_pointer (mut i64) (i64.const 1048576))
  (global $bysyncify_current_core (mut i64) (i64.const 0))
  (global $bysyncify_stack_limit (mut i64) (i64.const 0))
  (global $bysyncify_stack_reserve i64 (i64.const 128))
  (func $_RNvC5guest1f
    (global.set $__stack_pointer (i64.const 1)))
  (func $bysyncify_resume (param i64 i64 i64) (result i32)
    (i32.const 1))
  (func $bysyncify_outside (param i64 i64))
  (func $bysyncify_set_reporter (param i64))
  (@custom "target_features" "\01+\0bbulk-memory"))
