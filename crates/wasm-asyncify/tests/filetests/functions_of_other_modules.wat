;;! imports = env.sleep
;;! show = report
;; The host has the table, and can put functions of other modules into it, which sleep. So who calls through it can
;; be suspended, and who calls that; but not who only has its address.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (type $t (func))
  (table (export "table") 2 funcref)
  (elem (i32.const 0) $computes)
  (func $calls_through_table (param i32) (call_indirect (type $t) (local.get 0)))
  (func $calls_who_does (call $calls_through_table (i32.const 1)))
  (func $computes)
)

(; becomes
calls_through_table is instrumented: it can be on the stack when that is suspended
    > calls_through_table
        calls through a function pointer, as (): a function of another module can be meant
calls_who_does is instrumented: it can be on the stack when that is suspended
    > calls_who_does
        calls calls_through_table
        calls through a function pointer, as (): a function of another module can be meant
computes is not instrumented: nothing that it calls ever suspends
;)
