;; A debug build. The names of functions are those of rustc.
(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "__wbindgen_placeholder__" "__wbindgen_describe" (func $describe (param i32)))
  (import "env" "print" (func $print))
  (memory 1)
  (table 1 funcref)
  (global $__stack_pointer (mut i32) (i32.const 1048576))
  (global $bysyncify_current_core (mut i32) (i32.const 0))
  (global $bysyncify_stack_limit (mut i32) (i32.const 0))
  (global $bysyncify_stack_reserve i32 (i32.const 128))
  (export "__wbindgen_describe_f" (func $describes))
  (func $_ZN5guest1f17h0123456789abcdefE
    (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 400)))
    (global.set $__stack_pointer (i32.add (global.get $__stack_pointer) (i32.const 400))))
  ;; wasm-bindgen will interpret both.
  (func $describes
    (global.set $__stack_pointer (i32.const 1))
    (call $helps))
  (func $helps
    (global.set $__stack_pointer (i32.const 2))
    (call $describe (i32.const 3))
    (call $panics))
  (func $panics
    (global.set $__stack_pointer (i32.const 4)))
  (func $rust_psm_on_stack (param i32)
    (global.set $__stack_pointer (local.get 0)))
  ;; Not to be instrumented.
  (func $_RNvNtC4core3fmt5write (param i32) (result i32)
    (call $print)
    (if (local.get 0)
      (then
        (call $panics)
        (unreachable)))
    (call $bysyncify_outside
      (i32.const 7)
      (call_indirect (result i32) (i32.const 0)))
    (call $bysyncify_resume (i32.const 8) (i32.const 9) (i32.const 10)))
  (func $bysyncify_resume (param i32 i32 i32) (result i32)
    (global.set $__stack_pointer (i32.const 5))
    (call $stop_unwind)
    (i32.const 1))
  (func $bysyncify_suspend (param i32) (result i32)
    (call $start_unwind (i32.const 6))
    (i32.const 2))
  (func $bysyncify_outside (param i32 i32)
    (call $stop_unwind))
  (func $bysyncify_set_reporter (param i32))
  (data (i32.const 1024) "data")
  (@custom "target_features" "\01+\0bbulk-memory"))
