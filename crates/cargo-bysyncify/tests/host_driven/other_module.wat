;; The table is shared with another module, as dynamic linking has it: no function here is of the
;; type that is called.
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (import "other" "memory" (memory 1))
  (import "other" "table" (table 4 funcref))
  (func $main (export "main")
    (call $log (i32.const 0))
    (drop (call_indirect (param i32) (result i32) (i32.const 7) (i32.const 2)))
    (call $log (i32.const 3))))
