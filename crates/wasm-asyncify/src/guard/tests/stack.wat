;; An optimised build: only the stack is checked.
(module
  (memory 1)
  (global $__stack_pointer (mut i32) (i32.const 1048576))
  (global $bysyncify_current_core (mut i32) (i32.const 0))
  (global $bysyncify_stack_limit (mut i32) (i32.const 0))
  (global $bysyncify_stack_reserve i32 (i32.const 128))
  ;; Within the reserve, but not together with what it calls.
  (func $small (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 160))))
    (call $least)
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 160))))
  (func $least (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 112))))
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 112))))
  ;; So large that the address can be less than 0.
  (func $large (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 8192))))
    (call $least)
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 8192))))
  (func $not_on_a_coroutines_stack
    (global.set $__stack_pointer (i32.const 1)))
  ;; What it needs is not known, but it leaves the stack.
  (func $panics
    (call $panics))
  (func $who_panics (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 256))))
    (call $panics)
    (unreachable))
  (func $bysyncify_resume (param i32 i32 i32) (result i32)
    (i32.const 1))
  (func $bysyncify_outside (param i32 i32))
  (func $bysyncify_set_reporter (param i32))
  ;; The same as `large`, and so its check is.
  (func $also_large (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 8192))))
    (call $least)
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 8192))))
  (@custom "target_features" "\01+\0bbulk-memory"))
