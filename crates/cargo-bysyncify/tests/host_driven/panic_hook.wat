;; What every panic goes through calls a hook, which calls what suspends.
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (func $hook (call $log (i32.const 1)) (call $sleep) (call $log (i32.const 2)))
  (func $rust_begin_unwind (param i32) (call $hook) (unreachable))
  (func (export "main")
    (call $log (i32.const 0))
    (call $rust_begin_unwind (i32.const 0))
    (call $log (i32.const 3))))
