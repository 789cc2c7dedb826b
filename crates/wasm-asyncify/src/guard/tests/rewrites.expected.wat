(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32 i32 i32) (result i32)))
  (type (;3;) (func (param i32 i32)))
  (type (;4;) (func (param i32 i32)))
  (import "asyncify" "start_unwind" (func $start_unwind (;0;) (type 0) (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind (;1;) (type 1)))
  (memory (;0;) 1)
  (global $__stack_pointer (;0;) (mut i32) i32.const 1048576)
  (global $bysyncify_current_core (;1;) (mut i32) i32.const 0)
  (global $__tls_base (;2;) (mut i32) i32.const 0)
  (global $"bysyncify guard: host stack" (;3;) (mut i32) i32.const 0)
  (global $"bysyncify guard: why outside" (;4;) (mut i32) i32.const 0)
  (global $"bysyncify guard: reporter" (;5;) (mut i32) i32.const 0)
  (func $initialises (;2;) (type 1)
    i32.const 1028
    i32.const 1
    i32.const 0
    i32.load8_u offset=1028
    i32.const 1
    i32.eq
    if ;; label = @1
      i32.const 2
      i32.const 2
      call $"bysyncify guard: report"
    end
    i32.store8
    i32.const 1024
    i32.const 1
    i32.const 16
    i32.const 0
    i32.load8_u offset=1028
    i32.const 1
    i32.eq
    if ;; label = @1
      i32.const 2
      i32.const 2
      call $"bysyncify guard: report"
    end
    i32.const 0
    i32.load8_u offset=1036
    i32.const 1
    i32.eq
    if ;; label = @1
      i32.const 2
      i32.const 2
      call $"bysyncify guard: report"
    end
    memory.fill
  )
  (func $initialises_a_copy (;3;) (type 1)
    global.get $__tls_base
    i32.const 8
    i32.add
    i32.const 1
    global.get $__tls_base
    i32.load8_u offset=8
    i32.const 1
    i32.eq
    if ;; label = @1
      i32.const 2
      i32.const 3
      call $"bysyncify guard: report"
    end
    i32.store8
  )
  (func $other (;4;) (type 1)
    i32.const 1028
    i32.const 1
    i32.store8
  )
  (func $bysyncify_resume (;5;) (type 2) (param i32 i32 i32) (result i32)
    call $stop_unwind
    i32.const 1
  )
  (func $bysyncify_suspend (;6;) (type 1)
    i32.const 0
    call $start_unwind
  )
  (func $bysyncify_outside (;7;) (type 3) (param i32 i32))
  (func $bysyncify_set_reporter (;8;) (type 0) (param i32)
    local.get 0
    global.set $"bysyncify guard: reporter"
  )
  (func $"bysyncify guard: bysyncify_resume" (;9;) (type 2) (param i32 i32 i32) (result i32)
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
  (func $"bysyncify guard: bysyncify_outside" (;10;) (type 3) (param i32 i32)
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
  (func $"bysyncify guard: report" (;11;) (type 4) (param i32 i32)
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
    i32.const 0
    i32.store offset=20
    global.get $"bysyncify guard: reporter"
    local.get 2
    call $bysyncify_outside
    unreachable
  )
)
