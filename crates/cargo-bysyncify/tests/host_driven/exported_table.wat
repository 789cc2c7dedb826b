;; The host puts a function of another module into the table that it has been given.
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (import "other" "memory" (memory 1))
  (table (export "table") 4 funcref)
  (func $main (export "main")
    (call $log (i32.const 0))
    (drop (call_indirect (param i32) (result i32) (i32.const 7) (i32.const 2)))
    (call $log (i32.const 3))))
