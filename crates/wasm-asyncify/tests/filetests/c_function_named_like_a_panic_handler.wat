;;! imports = env.sleep
;;! show = report
;; Nobody has said that this is Rust: names mean nothing.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (func $main (call $rust_begin_unwind (i32.const 0)))
  (func $rust_begin_unwind (param i32) (call $sleep))
)

(; becomes
main is instrumented: it can be on the stack when that is suspended
    > main
        calls rust_begin_unwind
        calls sleep
rust_begin_unwind is instrumented: it can be on the stack when that is suspended
    > rust_begin_unwind
        calls sleep
;)
