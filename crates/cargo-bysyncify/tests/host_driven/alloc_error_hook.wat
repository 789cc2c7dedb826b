;; What every failed allocation goes through calls a hook, which calls what suspends. A hook of Rust's can only be set
;; with an unstable feature (`alloc_error_hook`).
(module
  (import "env" "sleep" (func $sleep))
  (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (func $hook (call $log (i32.const 1)) (call $sleep) (call $log (i32.const 2)))
  (func $_ZN3std5alloc8rust_oom17h0123456789abcdefE (call $hook) (unreachable))
  (func (export "main")
    (call $log (i32.const 0))
    (call $_ZN3std5alloc8rust_oom17h0123456789abcdefE)
    (call $log (i32.const 3))))
