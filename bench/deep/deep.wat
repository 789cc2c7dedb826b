;; One wait below many callers, again and again: what does it cost?
;;
;; `many(depth, times)` resumes a program that is `depth` calls deep and waits in a loop there. The
;; switch is the least that there can be, for one program: what is measured is saving and restoring.

(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (memory 64)
  (global $is_rewinding (mut i32) (i32.const 0))
  ;; What the program calls to wait.
  (func $wait
    (if (global.get $is_rewinding)
      (then
        (global.set $is_rewinding (i32.const 0))
        (call $stop_rewind)
        (return)))
    (call $start_unwind (i32.const 16)))
  ;; The program. It never ends.
  (func $down (param $n i32) (result i32) (local $k i32)
    (if (local.get $n)
      (then
        (local.set $k (i32.mul (local.get $n) (i32.const 3)))
        (return
          (i32.add (local.get $k) (call $down (i32.sub (local.get $n) (i32.const 1)))))))
    (loop $again
      (call $wait)
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $again))
    (unreachable))
  (func (export "begin") (param $depth i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 0x3f_0000))
    (drop (call $down (local.get $depth)))
    (call $stop_unwind))
  (func (export "many") (param $depth i32) (param $times i32)
    (loop $again
      (global.set $is_rewinding (i32.const 1))
      (call $start_rewind (i32.const 16))
      (drop (call $down (local.get $depth)))
      (call $stop_unwind)
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))))
