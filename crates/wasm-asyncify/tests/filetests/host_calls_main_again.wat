;;! show = report
;; The host drives it by two exports: `main` is not below what stops the unwind, and can be suspended all the same.
(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (global $sleeping (mut i32) (i32.const 0))
  (func $sleep
    (if (global.get $sleeping) (then (global.set $sleeping (i32.const 0)) (call $stop_rewind))
     (else (global.set $sleeping (i32.const 1))
      (i32.store (i32.const 16) (i32.const 24)) (i32.store (i32.const 20) (i32.const 1024))
      (call $start_unwind (i32.const 16)))))
  (func $main (export "main") (call $log (i32.const 0)) (call $sleep) (call $log (i32.const 3)))
  (func (export "suspended") (call $stop_unwind))
  (func (export "resume") (call $start_rewind (i32.const 16))))

(; becomes
sleep is not instrumented: it is the switch, which begins or ends an unwind or rewind
main is instrumented: it can be on the stack when that is suspended
    > main
        calls sleep
function 7 is not instrumented: it is the switch, which begins or ends an unwind or rewind
function 8 is not instrumented: it is the switch, which begins or ends an unwind or rewind
;)
