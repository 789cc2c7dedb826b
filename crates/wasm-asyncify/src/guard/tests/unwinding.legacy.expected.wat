(module
  (type (;0;) (func (param i32) (result f32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32 i32) (result i32)))
  (import "env" "print" (func $print (;0;) (type 0) (param i32) (result f32)))
  (tag $exception (;0;) (type 1) (param i32))
  (global $__stack_pointer (;0;) (mut i32) i32.const 1048576)
  (global $bysyncify_current_core (;1;) (mut i32) i32.const 0)
  (global $"bysyncify guard: host stack" (;2;) (mut i32) i32.const 0)
  (global $"bysyncify guard: why outside" (;3;) (mut i32) i32.const 0)
  (func $poll (;1;) (type 2)
    i32.const 1
    i32.const 2
    i32.const 3
    call $"bysyncify guard: bysyncify_resume"
    drop
    i32.const 6
    call $"bysyncify guard: env.print"
    drop
    i32.const 7
    call $"bysyncify guard: panic"
  )
  (func $catches (;2;) (type 2)
    try ;; label = @1
      call $poll
    catch_all
    end
  )
  (func $panic (;3;) (type 1) (param i32)
    local.get 0
    throw $exception
  )
  (func $bysyncify_resume (;4;) (type 3) (param i32 i32 i32) (result i32)
    i32.const 1
  )
  (func $"bysyncify guard: bysyncify_resume" (;5;) (type 3) (param i32 i32 i32) (result i32)
    (local i32 i32)
    global.get $__stack_pointer
    local.set 3
    global.get $bysyncify_current_core
    local.set 4
    global.get $bysyncify_current_core
    i32.eqz
    if ;; label = @1
      global.get $__stack_pointer
      global.set $"bysyncify guard: host stack"
    end
    try ;; label = @1
      local.get 0
      local.get 1
      local.get 2
      call $bysyncify_resume
      local.get 3
      global.set $__stack_pointer
      local.get 4
      global.set $bysyncify_current_core
      return
    catch_all
      local.get 3
      global.set $__stack_pointer
      local.get 4
      global.set $bysyncify_current_core
      rethrow 0 (;@1;)
    end
    unreachable
  )
  (func $"bysyncify guard: env.print" (;6;) (type 0) (param i32) (result f32)
    (local i32 i32 i32 i32)
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
    i32.eqz
    select
    global.set $__stack_pointer
    i32.const 0
    global.set $bysyncify_current_core
    i32.const 0
    global.set $"bysyncify guard: why outside"
    try ;; label = @1
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
      return
    catch_all
      local.get 1
      global.set $__stack_pointer
      local.get 2
      global.set $"bysyncify guard: host stack"
      local.get 3
      global.set $"bysyncify guard: why outside"
      local.get 4
      global.set $bysyncify_current_core
      rethrow 0 (;@1;)
    end
    unreachable
  )
  (func $"bysyncify guard: panic" (;7;) (type 1) (param i32)
    (local i32 i32 i32 i32)
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
    i32.eqz
    select
    global.set $__stack_pointer
    i32.const 0
    global.set $bysyncify_current_core
    i32.const 1
    global.set $"bysyncify guard: why outside"
    try ;; label = @1
      local.get 0
      call $panic
      local.get 1
      global.set $__stack_pointer
      local.get 2
      global.set $"bysyncify guard: host stack"
      local.get 3
      global.set $"bysyncify guard: why outside"
      local.get 4
      global.set $bysyncify_current_core
      return
    catch_all
      local.get 1
      global.set $__stack_pointer
      local.get 2
      global.set $"bysyncify guard: host stack"
      local.get 3
      global.set $"bysyncify guard: why outside"
      local.get 4
      global.set $bysyncify_current_core
      rethrow 0 (;@1;)
    end
    unreachable
  )
)
