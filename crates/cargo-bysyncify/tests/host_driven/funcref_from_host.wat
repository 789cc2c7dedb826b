;; The table is nobody else's, but the host hands an exported function over that is put into it.
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (table 2 funcref)
  (func $waits (export "waits")
    (call $log (i32.const 1)) (call $sleep) (call $log (i32.const 2)))
  (func (export "set") (param funcref) (table.set 0 (i32.const 0) (local.get 0)))
  (func $main (export "main")
    (call $log (i32.const 0))
    (call_indirect (i32.const 0))
    (call $log (i32.const 3))))
