(module
  (type $t (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (result i32)))
  (type (;4;) (func (param i32 i32 i32) (result i32)))
  (type (;5;) (func (param i32 i32)))
  (type (;6;) (func (param i32 i32)))
  (import "asyncify" "start_unwind" (func $start_unwind (;0;) (type 1) (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind (;1;) (type 2)))
  (table (;0;) 2 funcref)
  (memory (;0;) 1)
  (global $__stack_pointer (;0;) (mut i32) i32.const 1048576)
  (global $bysyncify_current_core (;1;) (mut i32) i32.const 0)
  (global $"bysyncify guard: host stack" (;2;) (mut i32) i32.const 0)
  (global $"bysyncify guard: why outside" (;3;) (mut i32) i32.const 0)
  (global $"bysyncify guard: reporter" (;4;) (mut i32) i32.const 0)
  (global $"bysyncify guard: unwinding" (;5;) (mut i32) i32.const 0)
  (global $"bysyncify guard: callee" (;6;) (mut i32) i32.const 0)
  (func $calls (;2;) (type 3) (result i32)
    call $waits
    global.get $"bysyncify guard: unwinding"
    if ;; label = @1
      i32.const 5
      i32.const 2
      call $"bysyncify guard: assumption was wrong"
    end
    call $other
    i32.const 1
    i32.const 0
    call_indirect (type $t)
    i32.const 2
    i32.const 0
    call_indirect (type $t)
    global.get $"bysyncify guard: unwinding"
    if ;; label = @1
      i32.const -1
      i32.const 2
      call $"bysyncify guard: assumption was wrong"
    end
    i32.add
  )
  (func $does_not_return (;3;) (type 2)
    call $waits
    global.get $"bysyncify guard: unwinding"
    if ;; label = @1
      i32.const 5
      i32.const 3
      call $"bysyncify guard: assumption was wrong"
    end
    unreachable
  )
  (func $waits (;4;) (type 2))
  (func $other (;5;) (type 2))
  (func $bysyncify_resume (;6;) (type 4) (param i32 i32 i32) (result i32)
    i32.const 0
    global.set $"bysyncify guard: unwinding"
    call $stop_unwind
    i32.const 1
  )
  (func $bysyncify_suspend (;7;) (type 2)
    i32.const 0
    i32.const 1
    global.set $"bysyncify guard: unwinding"
    call $start_unwind
  )
  (func $bysyncify_outside (;8;) (type 5) (param i32 i32))
  (func $bysyncify_set_reporter (;9;) (type 1) (param i32)
    local.get 0
    global.set $"bysyncify guard: reporter"
  )
  (func $"bysyncify guard: bysyncify_resume" (;10;) (type 4) (param i32 i32 i32) (result i32)
    global.get $bysyncify_current_core
    i32.eqz
    if ;; label = @1
      global.get $__stack_pointer
      global.set $"bysyncify guard: host stack"
    end
    local.get 0
    local.get 1
    local.get 2
    call $bysyncify_resume
  )
  (func $"bysyncify guard: bysyncify_outside" (;11;) (type 5) (param i32 i32)
    (local i32 i32 i32)
    global.get $__stack_pointer
    local.set 2
    global.get $"bysyncify guard: host stack"
    local.set 3
    global.get $"bysyncify guard: why outside"
    local.set 4
    global.get $__stack_pointer
    global.get $"bysyncify guard: host stack"
    global.get $bysyncify_current_core
    i32.eqz
    select
    global.set $__stack_pointer
    i32.const 0
    global.set $"bysyncify guard: why outside"
    local.get 0
    local.get 1
    call $bysyncify_outside
    local.get 2
    global.set $__stack_pointer
    local.get 3
    global.set $"bysyncify guard: host stack"
    local.get 4
    global.set $"bysyncify guard: why outside"
  )
  (func $"bysyncify guard: report" (;12;) (type 6) (param i32 i32)
    (local i32)
    global.get $"bysyncify guard: host stack"
    i32.const 24
    i32.sub
    i32.const -16
    i32.and
    local.tee 2
    global.set $__stack_pointer
    local.get 2
    local.get 2
    i32.const 24
    i32.add
    i32.store
    local.get 2
    i32.const 0
    i32.store offset=4
    local.get 2
    local.get 1
    i32.store offset=8
    local.get 2
    local.get 0
    i32.store offset=12
    local.get 2
    global.get $"bysyncify guard: callee"
    i32.store offset=20
    global.get $"bysyncify guard: reporter"
    local.get 2
    call $bysyncify_outside
    unreachable
  )
  (func $"bysyncify guard: assumption was wrong" (;13;) (type 6) (param i32 i32)
    local.get 0
    global.set $"bysyncify guard: callee"
    i32.const 0
    local.get 1
    call $"bysyncify guard: report"
  )
)
