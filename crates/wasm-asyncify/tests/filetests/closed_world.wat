;;! imports = env.sleep
;;! closed-world = yes
;;! show = report
;; The host has the table, and could put functions of other modules into it, which sleep. It is said that it does not.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (type $t (func))
  (table (export "table") 2 funcref)
  (elem (i32.const 0) $computes)
  (func $calls_what_computes (param i32) (call_indirect (type $t) (local.get 0)))
  (func $computes)
  (func $sleeps (export "sleeps") (call $sleep))
)

(; becomes
calls_what_computes is not instrumented: nothing that it calls ever suspends
computes is not instrumented: nothing that it calls ever suspends
sleeps is instrumented: it can be on the stack when that is suspended
    > sleeps
        calls sleep
;)
