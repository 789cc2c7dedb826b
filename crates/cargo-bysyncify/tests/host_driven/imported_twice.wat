;; One function is imported twice.
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (import "env" "sleep" (func $sleep_again))
  (memory (export "memory") 1)
  (func $waits (call $log (i32.const 1)) (call $sleep_again) (call $log (i32.const 2)))
  (func $main (export "main")
    (call $log (i32.const 0))
    (call $waits)
    (call $log (i32.const 3))))
