;; A function of the program's own that has the name of a panic handler, and not its type.
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (func $rust_begin_unwind (result i32)
    (call $log (i32.const 1)) (call $sleep) (call $log (i32.const 2)) (i32.const 4))
  (func (export "main")
    (call $log (i32.const 0))
    (drop (call $rust_begin_unwind))
    (call $log (i32.const 3))))
