;;! imports = env.sleep
;;! show = report
;; An indirect call can be of each function of its type whose address is taken,
;; unless it is known what is in the table.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (type $t (func))
  (table 3 funcref)
  (elem (i32.const 0) $sleeps $computes)
  (func $main (param i32) (call_indirect (type $t) (local.get 0)))
  (func $sleeps (call $sleep))
  (func $computes)
  (func $calls_one_entry (param i32) (call_indirect (type $t) (i32.const 1)))
)

(; becomes
main is instrumented: it can be on the stack when that is suspended
    > main
        calls sleeps through a function pointer, as (): 1 of the 2 functions that can be meant can suspend
        calls sleep
sleeps is instrumented: it can be on the stack when that is suspended
    > sleeps
        calls sleep
computes is not instrumented: nothing that it calls ever suspends
calls_one_entry is not instrumented: nothing that it calls ever suspends
;)
