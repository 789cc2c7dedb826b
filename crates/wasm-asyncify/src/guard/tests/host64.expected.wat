(module
  (type (;0;) (func))
  (type (;1;) (func (param i64)))
  (type (;2;) (func (param i64 i64 i64) (result i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind (;0;) (type 0)))
  (import "env" "print" (func $print (;1;) (type 1) (param i64)))
  (memory (;0;) i64 1)
  (global $__stack_pointer (;0;) (mut i64) i64.const 1048576)
  (global $bysyncify_current_core (;1;) (mut i64) i64.const 0)
  (global $"bysyncify guard: host stack" (;2;) (mut i64) i64.const 0)
  (global $"bysyncify guard: why outside" (;3;) (mut i64) i64.const 0)
  (func $panic (;2;) (type 0)
    global.get $__stack_pointer
    global.get $"bysyncify guard: host stack"
    global.get $bysyncify_current_core
    i64.eqz
    select
    global.set $__stack_pointer
    i64.const 0
    global.set $bysyncify_current_core
    i64.const 1
    global.set $"bysyncify guard: why outside"
    i64.const 1
    call $"bysyncify guard: env.print"
  )
  (func $bysyncify_resume (;3;) (type 2) (param i64 i64 i64) (result i32)
    call $stop_unwind
    i32.const 1
  )
  (func $"bysyncify guard: bysyncify_resume" (;4;) (type 2) (param i64 i64 i64) (result i32)
    global.get $bysyncify_current_core
    i64.eqz
    if ;; label = @1
      global.get $__stack_pointer
      global.set $"bysyncify guard: host stack"
    end
    local.get 0
    local.get 1
    local.get 2
    call $bysyncify_resume
  )
  (func $"bysyncify guard: env.print" (;5;) (type 1) (param i64)
    (local i64 i64 i64 i64)
    global.get $__stack_pointer
    local.set 1
    global.get $"bysyncify guard: host stack"
    local.set 2
    global.get $"bysyncify guard: why outside"
    local.set 3
    global.get $bysyncify_current_core
    local.set 4
    global.get $__stack_pointer
    global.get $"bysyncify guard: host stack"
    global.get $bysyncify_current_core
    i64.eqz
    select
    global.set $__stack_pointer
    i64.const 0
    global.set $bysyncify_current_core
    i64.const 0
    global.set $"bysyncify guard: why outside"
    local.get 0
    call $print
    local.get 1
    global.set $__stack_pointer
    local.get 2
    global.set $"bysyncify guard: host stack"
    local.get 3
    global.set $"bysyncify guard: why outside"
    local.get 4
    global.set $bysyncify_current_core
  )
)
