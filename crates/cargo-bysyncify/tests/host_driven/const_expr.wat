;; A table of methods as compilers for garbage-collected languages make it: in a constant global.
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (type $method (func))
  (type $methods (struct (field (ref $method)) (field (ref $method))))
  (memory (export "memory") 1)
  (global $table (ref $methods) (struct.new $methods (ref.func $other) (ref.func $waits)))
  (func $other (type $method))
  (func $waits (type $method) (call $log (i32.const 1)) (call $sleep) (call $log (i32.const 2)))
  (func $main (export "main")
    (call $log (i32.const 0))
    (call_ref $method (struct.get $methods 1 (global.get $table)))
    (call $log (i32.const 3))))
