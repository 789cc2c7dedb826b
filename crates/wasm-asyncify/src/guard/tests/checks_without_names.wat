;; Without the instruction that texts are read with, there are none.
(module
  (memory 1)
  (global $__stack_pointer (mut i32) (i32.const 1048576))
  (global $bysyncify_current_core (mut i32) (i32.const 0))
  (global $bysyncify_stack_limit (mut i32) (i32.const 0))
  (global $bysyncify_stack_reserve i32 (i32.const 128))
  (func $_RNvC5guest1f
    (global.set $__stack_pointer (i32.const 1)))
  (func $bysyncify_resume (param i32 i32 i32) (result i32)
    (i32.const 1))
  (func $bysyncify_outside (param i32 i32))
  (func $bysyncify_set_reporter (param i32))
  (@custom "target_features" "\01+\09sign-exts"))
