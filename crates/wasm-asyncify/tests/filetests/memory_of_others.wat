;;! imports = env.sleep
;;! globals = imported
;;! show = error
;; `data` points into the memory of another module: frames that are saved to one of its own would be
;; looked for there.
(module
  (import "env" "sleep" (func $sleep))
  (func (call $sleep))
)

(; becomes
the module has no memory, and its state is that of several modules
  import the memory of the modules that it shares the state with
;)
