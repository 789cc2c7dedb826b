;;! imports = env.sleep
;;! add = computes
;;! remove = sleeps_*
;;! show = report
;; Lists say what is instrumented, whatever is found.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (func $main (call $sleeps_too) (call $sleep))
  (func $sleeps_too (call $sleep))
  (func $above (call $sleeps_too))
  (func $computes)
)

(; becomes
main is instrumented: it can be on the stack when that is suspended
    > main
        calls sleep
sleeps_too is not instrumented: `sleeps_*` is assumed not to suspend; it would be otherwise
    > sleeps_too
        calls sleep
above is not instrumented: it could only be suspended in `sleeps_*`, which is assumed not to suspend
      above
    >   calls sleeps_too
        calls sleep
computes is instrumented: it is listed
;)
