;;! lowering = stack-switching
;;! imports = env.sleep
;;! show = error

(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (func $bysyncify_resume (param i32 i32 i32) (result i32) (i32.const 1))
  (func $waits (call $sleep)))

(; becomes
the host is to suspend it, and can do that by Asyncify's exports only, for which functions are instrumented
  do without `Lowering::StackSwitching`
;)
