;; Suspend and resume written by hand: what the export `bench suspend` of bench/guest is
;; compared with, which has the same functions on the stack (an entry, those in between, a last
;; one that waits). It is not the fastest that can be written: on Node 20 `least.wat` is faster,
;; by having one function for all three.
;;
;; Included: a coroutine is a value in memory, of which there could be many (its buffer, its
;; phase and its entry function are found through an address), and whoever suspends finds the
;; running one through a global.
;; Not included: futures, wakers, results of a poll, checks of any kind (but those that
;; Asyncify makes itself), cancellation, nesting, and the shadow stack, since code written by
;; hand has none.
;;
;; What is exported or in memory is so in order that wasm-opt cannot take it for a constant:
;; otherwise it calls the entry function directly and computes with what is known to be 1.
;;
;; A coroutine:  0 start  4 end  8 phase (0 running, 1 suspended)  12 entry  16 further frames
(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (memory (export "memory") 2)
  (type $entry (func (param i32) (result i32)))
  (table (export "table") 2 funcref)
  (elem (i32.const 0) $entry_at_0 $entry)
  (global $current (export "current") (mut i32) (i32.const 0))
  (global $one (export "one") (mut i32) (i32.const 1))

  ;; The top function: the running coroutine gives way, or has come back. Takes no parameter:
  ;; Asyncify would save it for every caller.
  (func $suspend
    (local $core i32)
    (local.set $core (global.get $current))
    (if (i32.load offset=8 (local.get $core))
      (then
        (i32.store offset=8 (local.get $core) (i32.const 0))
        (call $stop_rewind))
      (else
        (i32.store offset=8 (local.get $core) (i32.const 1))
        (call $start_unwind (local.get $core)))))

  ;; The bottom function: runs a coroutine until it suspends.
  (func $resume (param $core i32)
    (global.set $current (local.get $core))
    (if (i32.load offset=8 (local.get $core))
      (then (call $start_rewind (local.get $core))))
    (drop
      (call_indirect (type $entry)
        (local.get $core) (i32.load offset=12 (local.get $core))))
    (call $stop_unwind))

  ;; The first function of a coroutine that waits at depth 0: there is no other.
  (func $entry_at_0 (type $entry) (param $core i32) (result i32)
    (loop $again
      (call $suspend)
      (br_if $again (global.get $one)))
    (i32.const 1))

  ;; The first function of one that waits deeper.
  (func $entry (type $entry) (param $core i32) (result i32)
    (call $descend (i32.load offset=16 (local.get $core))))

  ;; The functions in between. `depth` counts those on top of this one: one at least.
  (func $descend (param $depth i32) (result i32)
    (if (i32.eq (local.get $depth) (i32.const 1)) (then (return (call $bottom))))
    (i32.xor
      (i32.rotl (call $descend (i32.sub (local.get $depth) (i32.const 1))) (i32.const 1))
      (global.get $one)))

  ;; The last function, which waits.
  (func $bottom (result i32)
    (loop $again
      (call $suspend)
      (br_if $again (global.get $one)))
    (i32.const 1))

  ;; Suspends and resumes `count` times. `depth` is 0, or 2 and more.
  (func (export "bench suspend") (param $depth i32) (param $count i32)
    (local $core i32)
    (local.set $core (i32.const 64))
    (i32.store (local.get $core) (i32.const 1024))
    (i32.store offset=4 (local.get $core) (i32.const 65536))
    (i32.store offset=8 (local.get $core) (i32.const 0))
    (i32.store offset=12 (local.get $core) (i32.ne (local.get $depth) (i32.const 0)))
    (i32.store offset=16 (local.get $core) (i32.sub (local.get $depth) (i32.const 1)))
    (loop $again
      (call $resume (local.get $core))
      (br_if $again
        (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
