;; Suspend and resume through JSPI: the host's way, where it has it. `wait` is a JavaScript
;; function that returns a Promise (`WebAssembly.Suspending`), and `run` is called through
;; `WebAssembly.promising`. It waits so often below so many calls.
(module
  (import "host" "wait" (func $wait))
  (func $run (export "run") (param $depth i32) (param $count i32)
    (if (local.get $depth)
      (then
        (call $run (i32.sub (local.get $depth) (i32.const 1)) (local.get $count))
        ;; Something is left to do, so it is no tail call.
        (global.set $done (i32.add (global.get $done) (i32.const 1)))
        (return)))
    (loop $again
      (call $wait)
      (br_if $again
        (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
  (global $done (export "done") (mut i32) (i32.const 0)))
