;; The host drives a module that has the switch in it: nothing is called where a rewind begins.
(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (global $sleeping (mut i32) (i32.const 0))
  (func $sleep
    (if (global.get $sleeping)
      (then (global.set $sleeping (i32.const 0)) (call $stop_rewind))
      (else
        (global.set $sleeping (i32.const 1))
        (i32.store (i32.const 16) (i32.const 24))
        (i32.store (i32.const 20) (i32.const 1024))
        (call $start_unwind (i32.const 16)))))
  (func $waits (call $log (i32.const 1)) (call $sleep) (call $log (i32.const 2)))
  (func $main (export "main") (call $log (i32.const 0)) (call $waits) (call $log (i32.const 3)))
  (func (export "suspended") (call $stop_unwind))
  (func (export "resume") (call $start_rewind (i32.const 16))))
