;; Suspend and resume through JSPI: the host's way, where it has it. `wait` is a JavaScript
;; function that returns a Promise (`WebAssembly.Suspending`), and `run` is called through
;; `WebAssembly.promising`.
(module
  (import "host" "wait" (func $wait))
  (func (export "run") (param $count i32)
    (loop $again
      (call $wait)
      (br_if $again
        (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
