;; The fastest suspend and resume that was found for Node 20 in which nothing is a constant that
;; would not be one in a program: like switch.wat, but one function, which calls
;; itself, is the entry, those in between and the last. As many frames, of a shape that no
;; library can have: its entry function is not the user's.
;;
;; A coroutine:  0 start  4 end  8 phase (0 running, 1 suspended)
(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (memory (export "memory") 2)
  (type $entry (func (param i32) (result i32)))
  ;; Exported, as the globals are, so that wasm-opt does not take it for a constant.
  (table (export "table") 1 funcref)
  (elem (i32.const 0) $descend)
  (global $current (export "current") (mut i32) (i32.const 64))
  (global $one (export "one") (mut i32) (i32.const 1))

  (func $suspend
    (if (i32.load offset=8 (global.get $current))
      (then
        (i32.store offset=8 (global.get $current) (i32.const 0))
        (call $stop_rewind))
      (else
        (i32.store offset=8 (global.get $current) (i32.const 1))
        (call $start_unwind (global.get $current)))))

  (func $resume (param $depth i32)
    (if (i32.load offset=8 (global.get $current))
      (then (call $start_rewind (global.get $current))))
    (drop (call_indirect (type $entry) (local.get $depth) (i32.const 0)))
    (call $stop_unwind))

  ;; Waits with `depth` frames on top of this one.
  (func $descend (type $entry) (param $depth i32) (result i32)
    (if (i32.eqz (local.get $depth))
      (then (loop $again (call $suspend) (br_if $again (global.get $one)))))
    (i32.xor
      (i32.rotl (call $descend (i32.sub (local.get $depth) (i32.const 1))) (i32.const 1))
      (global.get $one)))

  ;; Suspends and resumes `count` times.
  (func (export "bench suspend") (param $depth i32) (param $count i32)
    (i32.store offset=0 (global.get $current) (i32.const 1024))
    (i32.store offset=4 (global.get $current) (i32.const 65536))
    (i32.store offset=8 (global.get $current) (i32.const 0))
    (loop $again
      (call $resume (local.get $depth))
      (br_if $again
        (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
