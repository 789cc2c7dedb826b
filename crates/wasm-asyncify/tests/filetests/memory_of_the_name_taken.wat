;;! imports = all
;;! show = error
(module
  (import "env" "sleep" (func $sleep))
  (func (export "asyncify_memory") (call $sleep))
)

(; becomes
a memory is to be added and exported as `asyncify_memory`, and something is already
;)
