;;! imports = env.sleep
;;! show = error
;; A legacy handler cannot be entered without an exception, which it throws again here.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (tag $exception)
  (func $waits try catch $exception (call $sleep) (rethrow 0) end)
)

(; becomes
`waits` can be suspended in an exception handler, which cannot be entered without an exception:
    waits
      calls sleep
  compile for the standard exception instructions (`try_table`), or have Binaryen translate it to them before (`wasm-opt --translate-to-exnref`, version 125 or later)
;)
