;; What the module `other` has: functions that wait, and the memory that both write frames to.
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (import "other" "memory" (memory 1))
  (func $waits (export "waits")
    (call $log (i32.const 1)) (call $sleep) (call $log (i32.const 2)))
  (func (export "with_result") (param i32) (result i32) (call $waits) (local.get 0)))
