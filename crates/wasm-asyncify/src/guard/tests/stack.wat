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
  ;; It is called below the limit, and can get so far below that it must look first.
  (func $deep (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 320))))
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 320))))
  (func $calls_deep (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 192))))
    (call $deep)
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 192))))
  ;; `$last` is below `$first`: what is between them is checked after it has called. Where that leaves
  ;; the stack pointer nobody relies on.
  (func $first (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 160))))
    (call $between)
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 160))))
  (func $between (local $frame i32)
    (call $last)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 288))))
    (call $least)
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 288))))
  (func $last (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 128))))
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 128))))
  ;; A circle, by way of the table. One of the two is checked.
  (table 1 funcref)
  (elem (i32.const 0) $around)
  (type $type (func (param f32)))
  (func $around (type $type) (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 16))))
    (call $and_around)
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 16))))
  (func $and_around (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 32))))
    (call_indirect (type $type) (f32.const 0) (i32.const 0))
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 32))))
  ;; What gets its frame by a number that is not known is checked wherever it is set.
  (func $unknown (param $size i32) (local $frame i32)
    (local.set $frame (global.get $__stack_pointer))
    (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (local.get $size)))
    (global.set $__stack_pointer (local.get $frame)))
  (@custom "target_features" "\01+\0bbulk-memory"))
