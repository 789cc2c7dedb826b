;; What is in the table is a reference that is imported, and the call is of a known entry.
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (import "other" "memory" (memory 1))
  (import "other" "waits" (global $waits funcref))
  (table 1 funcref)
  (elem (i32.const 0) funcref (global.get $waits))
  (func $main (export "main")
    (call $log (i32.const 0))
    (call_indirect (i32.const 0))
    (call $log (i32.const 3))))
