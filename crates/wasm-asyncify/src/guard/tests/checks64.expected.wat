(module
  (type (;0;) (func))
  (type (;1;) (func (param i64 i64 i64) (result i32)))
  (type (;2;) (func (param i64 i64)))
  (type (;3;) (func (param i64)))
  (type (;4;) (func (param i64 i32 i32 i32)))
  (type (;5;) (func (param i32 i32 i32)))
  (memory (;0;) i64 1)
  (global $__stack_pointer (;0;) (mut i64) i64.const 1048576)
  (global $bysyncify_current_core (;1;) (mut i64) i64.const 0)
  (global $bysyncify_stack_limit (;2;) (mut i64) i64.const 0)
  (global $bysyncify_stack_reserve (;3;) i64 i64.const 384)
  (global $"bysyncify guard: host stack" (;4;) (mut i64) i64.const 0)
  (global $"bysyncify guard: why outside" (;5;) (mut i64) i64.const 0)
  (global $"bysyncify guard: reporter" (;6;) (mut i64) i64.const 0)
  (global $"bysyncify guard: unwinding" (;7;) (mut i32) i32.const 0)
  (func $_RNvC5guest1f (;0;) (type 0)
    (local i64)
    i64.const 1
    local.tee 0
    global.get $bysyncify_stack_limit
    i64.lt_u
    local.get 0
    global.get $__stack_pointer
    i64.gt_u
    i32.or
    if ;; label = @1
      local.get 0
      i32.const 0
      i32.const 0
      i32.const 10
      call $"bysyncify guard: stack limit passed"
    end
    local.get 0
    global.set $__stack_pointer
  )
  (func $bysyncify_resume (;1;) (type 1) (param i64 i64 i64) (result i32)
    i32.const 1
  )
  (func $bysyncify_outside (;2;) (type 2) (param i64 i64))
  (func $bysyncify_set_reporter (;3;) (type 3) (param i64)
    local.get 0
    global.set $"bysyncify guard: reporter"
  )
  (func $"bysyncify guard: bysyncify_resume" (;4;) (type 1) (param i64 i64 i64) (result i32)
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
  (func $"bysyncify guard: bysyncify_outside" (;5;) (type 2) (param i64 i64)
    (local i64 i64 i64 i64)
    global.get $__stack_pointer
    local.set 2
    global.get $"bysyncify guard: host stack"
    local.set 3
    global.get $"bysyncify guard: why outside"
    local.set 4
    global.get $bysyncify_stack_limit
    local.set 5
    global.get $__stack_pointer
    global.get $"bysyncify guard: host stack"
    global.get $bysyncify_current_core
    i64.eqz
    select
    global.set $__stack_pointer
    i64.const 0
    global.set $bysyncify_stack_limit
    i64.const 0
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
    local.get 5
    global.set $bysyncify_stack_limit
  )
  (func $"bysyncify guard: report" (;6;) (type 4) (param i64 i32 i32 i32)
    (local i64)
    global.get $"bysyncify guard: host stack"
    local.get 3
    i64.extend_i32_u
    i64.sub
    i64.const 48
    i64.sub
    i64.const -16
    i64.and
    local.tee 4
    global.set $__stack_pointer
    local.get 4
    i64.const 48
    i64.add
    local.get 2
    local.get 3
    memory.init 0
    local.get 4
    local.get 4
    i64.const 48
    i64.add
    i64.store
    local.get 4
    local.get 3
    i64.extend_i32_u
    i64.store offset=8
    local.get 4
    local.get 1
    i64.extend_i32_u
    i64.store offset=16
    local.get 4
    local.get 0
    i64.store offset=24
    local.get 4
    i64.const 0
    i64.store offset=40
    local.get 4
    global.get $bysyncify_current_core
    i64.store offset=32
    i64.const 0
    global.set $bysyncify_stack_limit
    global.get $"bysyncify guard: reporter"
    local.get 4
    call $bysyncify_outside
    unreachable
  )
  (func $"bysyncify guard: stack limit passed" (;7;) (type 4) (param i64 i32 i32 i32)
    local.get 0
    global.get $bysyncify_stack_limit
    i64.lt_u
    local.get 0
    i64.const 16
    i64.shr_u
    memory.size
    i64.ge_u
    i32.or
    global.get $__stack_pointer
    global.get $bysyncify_stack_limit
    i64.const 256
    i64.sub
    i64.ge_u
    i32.and
    global.get $bysyncify_stack_limit
    i64.eqz
    i32.eqz
    i32.and
    if ;; label = @1
      local.get 0
      i64.const 384
      i64.sub
      local.get 1
      local.get 2
      local.get 3
      call $"bysyncify guard: report"
    end
  )
  (func $"bysyncify guard: stack limit was passed" (;8;) (type 5) (param i32 i32 i32)
    global.get $bysyncify_stack_limit
    i64.eqz
    if ;; label = @1
      unreachable
    end
    global.get $__stack_pointer
    i64.const 384
    i64.sub
    local.get 0
    local.get 1
    local.get 2
    call $"bysyncify guard: report"
  )
  (@custom "target_features" (after code) "\01+\0bbulk-memory")
  (data (;0;) "`guest::f`")
)
