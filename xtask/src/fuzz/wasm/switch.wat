;; A part of a module: it is put into each program.
  ;; A switch like build/switch.wat, but without a shadow stack. A coroutine's memory:
  ;;
  ;;    0  start   where Asyncify saves the next frame
  ;;    4  end     what `start` must not pass
  ;;    8  entry   in the table
  ;;   12  phase   0 new, 1 running, 2 unwinding, 3 suspended, 4 rewinding, 5 finished
  ;;   16  number

  (type $entry (func (param i32 f32) (result i32)))
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (import "host" "trace" (func $trace (param i32)))
  ;; Whether to suspend where it could; it is asked again when it goes on there, and told so.
  (import "host" "suspends" (func $suspends (param i32) (result i32)))
  ;; Whether who polls a coroutine goes on until it has finished.
  (import "host" "finishes" (func $finishes (result i32)))
  ;; A coroutine is suspended, and all its frames are saved.
  (import "host" "suspended" (func $suspended (param i32)))
  (global $current (mut i32) (i32.const 0))

  (func $resume (param $core i32)
    (local $outer i32)
    (local.set $outer (global.get $current))
    (global.set $current (local.get $core))
    (if (i32.eq (i32.load offset=12 (local.get $core)) (i32.const 3))
      (then
        (i32.store offset=12 (local.get $core) (i32.const 4))
        (call $start_rewind (local.get $core)))
      (else
        (i32.store offset=12 (local.get $core) (i32.const 1))))
    (drop (call_indirect (type $entry)
      (local.get $core) (f32.const 0) (i32.load offset=8 (local.get $core))))
    (global.set $current (local.get $outer))
    (if (i32.eq (i32.load offset=12 (local.get $core)) (i32.const 2))
      (then
        (i32.store offset=12 (local.get $core) (i32.const 3))
        (call $stop_unwind)
        (call $suspended (local.get $core)))
      (else
        (i32.store offset=12 (local.get $core) (i32.const 5)))))

  ;; Gives up a coroutine that is suspended: it is a new one again, and what was saved is lost.
  (func $cancel (param $core i32)
    (if (i32.eq (i32.load offset=12 (local.get $core)) (i32.const 3))
      (then
        (i32.store (local.get $core) (i32.add (local.get $core) (i32.const 32)))
        (i32.store offset=12 (local.get $core) (i32.const 0)))))

  ;; Suspends the innermost coroutine, if there is one and the host says so.
  (func $suspend
    (local $core i32)
    (local $is_rewound i32)
    (local.set $core (global.get $current))
    (if (i32.eqz (local.get $core)) (then (return)))
    (if (i32.eq (i32.load offset=12 (local.get $core)) (i32.const 4))
      (then
        (local.set $is_rewound (i32.const 1))
        (i32.store offset=12 (local.get $core) (i32.const 1))
        (call $stop_rewind)))
    (if (call $suspends (local.get $is_rewound))
      (then
        (i32.store offset=12 (local.get $core) (i32.const 2))
        (call $start_unwind (local.get $core)))))

  ;; An executor's part: resumes a coroutine that can be resumed.
  (func $poll (param $core i32)
    (local $phase i32)
    (local.set $phase (i32.load offset=12 (local.get $core)))
    (if (i32.or (i32.eqz (local.get $phase)) (i32.eq (local.get $phase) (i32.const 3)))
      (then
        (call $trace (i32.const -1))
        (loop $again
          (call $resume (local.get $core))
          (br_if $again
            (i32.and (call $finishes)
              (i32.eq (i32.load offset=12 (local.get $core)) (i32.const 3)))))
        (call $trace (i32.load offset=12 (local.get $core))))))

  ;; What a run begins with. The number of functions that may be entered is 60, 160, 260 or 360.
  (func $begin (param $base i32) (param $seed i32)
    (i32.store (local.get $base)
      (i32.add (i32.const 60)
        (i32.mul (i32.const 100) (i32.and (local.get $seed) (i32.const 3)))))
    (i32.store offset=4 (local.get $base)
      (i32.mul (i32.add (local.get $seed) (i32.const 1)) (i32.const 0x9e3779b9))))

  ;; A random number; `base` is the program's memory.
  (func $random (param $base i32) (result i32)
    (i32.store offset=4 (local.get $base)
      (i32.add (i32.const 1013904223)
        (i32.mul (i32.const 1664525) (i32.load offset=4 (local.get $base)))))
    (i32.shr_u (i32.load offset=4 (local.get $base)) (i32.const 16)))

  (func $below (param $base i32) (param $limit i32) (result i32)
    (i32.rem_u (call $random (local.get $base)) (local.get $limit)))

  (func $coin (param $base i32) (result i32)
    (i32.and (call $random (local.get $base)) (i32.const 1)))

  ;; What each function begins with: how deep it may call, 0 if it must return at once.
  (func $enter (param $base i32) (param $depth i32) (result i32)
    (i32.store (local.get $base) (i32.sub (i32.load (local.get $base)) (i32.const 1)))
    (select (local.get $depth) (i32.const 0)
      (i32.gt_s (i32.load (local.get $base)) (i32.const 0))))
