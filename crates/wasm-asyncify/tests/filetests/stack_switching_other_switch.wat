;;! lowering = stack-switching
;;! show = error

(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (memory 1)
  (func $bysyncify_resume (param i32 i32 i32) (result i32) (i32.const 1))
  (func $of_the_programs (call $start_unwind (i32.const 64))))

(; becomes
Asyncify's functions are called in it by others than the library `bysyncify`, and who does that needs functions that are instrumented
  do without `Lowering::StackSwitching`
;)
