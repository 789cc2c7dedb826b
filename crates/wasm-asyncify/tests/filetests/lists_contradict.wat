;;! imports = env.sleep
;;! add = f*
;;! remove = fetches
;;! show = error
;; As Binaryen says it, too.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (func $fetches (call $sleep))
)

(; becomes
`fetches` is listed as to be instrumented (`f*`), and as never to suspend (`fetches`)
  take it out of `Choice::add` or out of `Choice::remove`
;)
