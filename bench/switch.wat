;; The least that suspends and resumes with Asyncify: what `bench suspend` is compared with.
;; One coroutine at fixed addresses, no checks, no futures, no stack pointer.
(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (memory (export "memory") 2)
  (table 1 funcref)
  (elem (i32.const 0) $descend)
  (global $suspended (mut i32) (i32.const 0))
  (global $one (mut i32) (i32.const 1))

  (func $suspend
    (if (global.get $suspended)
      (then
        (global.set $suspended (i32.const 0))
        (call $stop_rewind))
      (else
        (global.set $suspended (i32.const 1))
        (call $start_unwind (i32.const 0)))))

  (func $resume (param $depth i32)
    (if (global.get $suspended) (then (call $start_rewind (i32.const 0))))
    (drop (call_indirect (param i32) (result i32) (local.get $depth) (i32.const 0)))
    (call $stop_unwind))

  (func $descend (param $depth i32) (result i32)
    (if (i32.eqz (local.get $depth))
      (then (loop $forever (call $suspend) (br $forever))))
    (i32.xor
      (i32.rotl (call $descend (i32.sub (local.get $depth) (i32.const 1))) (i32.const 1))
      (global.get $one)))

  (func (export "bench suspend") (param $depth i32) (param $count i32)
    ;; The descriptor: frames from 64 on, up to 64 KiB.
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 65536))
    (global.set $suspended (i32.const 0))
    (loop $again
      (call $resume (local.get $depth))
      (br_if $again
        (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
