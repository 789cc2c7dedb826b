;;! lowering = stack-switching
;;! show = error

(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (memory 1)
  (func $waits (call $start_unwind (i32.const 64))))

(; becomes
there is no `bysyncify_resume` in it: only coroutines of the library `bysyncify` can be continuations
  do without `Lowering::StackSwitching`
;)
