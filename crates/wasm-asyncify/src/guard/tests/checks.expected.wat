(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func (result i32)))
  (type (;4;) (func (param i32 i32 i32) (result i32)))
  (type (;5;) (func (param i32 i32)))
  (type (;6;) (func (param i32 i32 i32 i32)))
  (type (;7;) (func (param i32 i32 i32)))
  (import "asyncify" "start_unwind" (func $start_unwind (;0;) (type 0) (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind (;1;) (type 1)))
  (import "__wbindgen_placeholder__" "__wbindgen_describe" (func $describe (;2;) (type 0) (param i32)))
  (import "env" "print" (func $print (;3;) (type 1)))
  (table (;0;) 1 funcref)
  (memory (;0;) 1)
  (global $__stack_pointer (;0;) (mut i32) i32.const 1048576)
  (global $bysyncify_current_core (;1;) (mut i32) i32.const 0)
  (global $bysyncify_stack_limit (;2;) (mut i32) i32.const 0)
  (global $bysyncify_stack_reserve (;3;) i32 i32.const 384)
  (global $"bysyncify guard: host stack" (;4;) (mut i32) i32.const 0)
  (global $"bysyncify guard: why outside" (;5;) (mut i32) i32.const 0)
  (global $"bysyncify guard: reporter" (;6;) (mut i32) i32.const 0)
  (global $"bysyncify guard: unwinding" (;7;) (mut i32) i32.const 0)
  (export "__wbindgen_describe_f" (func $describes))
  (func $_ZN5guest1f17h0123456789abcdefE (;4;) (type 1)
    (local i32)
    global.get $__stack_pointer
    i32.const 400
    i32.sub
    local.tee 0
    global.set $__stack_pointer
    local.get 0
    global.get $bysyncify_stack_limit
    i32.sub
    i32.const -448
    i32.ge_u
    if ;; label = @1
      i32.const 4
      i32.const 0
      i32.const 10
      call $"bysyncify guard: stack limit was passed"
      unreachable
    end
    global.get $__stack_pointer
    i32.const 400
    i32.add
    global.set $__stack_pointer
  )
  (func $describes (;5;) (type 1)
    i32.const 1
    global.set $__stack_pointer
    call $helps
  )
  (func $helps (;6;) (type 1)
    i32.const 2
    global.set $__stack_pointer
    i32.const 3
    call $describe
    call $panics
  )
  (func $panics (;7;) (type 1)
    global.get $__stack_pointer
    global.get $"bysyncify guard: host stack"
    global.get $bysyncify_current_core
    i32.eqz
    select
    global.set $__stack_pointer
    i32.const 0
    global.set $bysyncify_current_core
    i32.const 0
    global.set $bysyncify_stack_limit
    i32.const 1
    global.set $"bysyncify guard: why outside"
    i32.const 4
    global.set $__stack_pointer
  )
  (func $rust_psm_on_stack (;8;) (type 0) (param i32)
    local.get 0
    global.set $__stack_pointer
  )
  (func $_RNvNtC4core3fmt5write (;9;) (type 2) (param i32) (result i32)
    call $"bysyncify guard: env.print"
    local.get 0
    if ;; label = @1
      call $panics
      unreachable
    end
    i32.const 7
    i32.const 0
    call_indirect (type 3)
    global.get $"bysyncify guard: unwinding"
    if ;; label = @1
      i32.const 0
      i32.const 9
      i32.const 10
      i32.const 43
      call $"bysyncify guard: report"
    end
    call $"bysyncify guard: bysyncify_outside"
    global.get $"bysyncify guard: unwinding"
    if ;; label = @1
      i32.const 0
      i32.const 9
      i32.const 10
      i32.const 43
      call $"bysyncify guard: report"
    end
    i32.const 8
    i32.const 9
    i32.const 10
    call $"bysyncify guard: bysyncify_resume"
    global.get $"bysyncify guard: unwinding"
    if ;; label = @1
      i32.const 0
      i32.const 9
      i32.const 10
      i32.const 43
      call $"bysyncify guard: report"
    end
  )
  (func $bysyncify_resume (;10;) (type 4) (param i32 i32 i32) (result i32)
    i32.const 5
    global.set $__stack_pointer
    i32.const 0
    global.set $"bysyncify guard: unwinding"
    call $stop_unwind
    i32.const 1
  )
  (func $bysyncify_suspend (;11;) (type 2) (param i32) (result i32)
    i32.const 6
    i32.const 1
    global.set $"bysyncify guard: unwinding"
    call $start_unwind
    i32.const 2
  )
  (func $bysyncify_outside (;12;) (type 5) (param i32 i32)
    i32.const 0
    global.set $"bysyncify guard: unwinding"
    call $stop_unwind
  )
  (func $bysyncify_set_reporter (;13;) (type 0) (param i32)
    local.get 0
    global.set $"bysyncify guard: reporter"
  )
  (func $"bysyncify guard: bysyncify_resume" (;14;) (type 4) (param i32 i32 i32) (result i32)
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
  (func $"bysyncify guard: bysyncify_outside" (;15;) (type 5) (param i32 i32)
    (local i32 i32 i32 i32)
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
    i32.eqz
    select
    global.set $__stack_pointer
    i32.const 0
    global.set $bysyncify_stack_limit
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
    local.get 5
    global.set $bysyncify_stack_limit
  )
  (func $"bysyncify guard: env.print" (;16;) (type 1)
    (local i32 i32 i32 i32 i32)
    global.get $__stack_pointer
    local.set 0
    global.get $"bysyncify guard: host stack"
    local.set 1
    global.get $"bysyncify guard: why outside"
    local.set 2
    global.get $bysyncify_current_core
    local.set 3
    global.get $bysyncify_stack_limit
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
    global.set $bysyncify_stack_limit
    i32.const 0
    global.set $"bysyncify guard: why outside"
    call $print
    local.get 0
    global.set $__stack_pointer
    local.get 1
    global.set $"bysyncify guard: host stack"
    local.get 2
    global.set $"bysyncify guard: why outside"
    local.get 3
    global.set $bysyncify_current_core
    local.get 4
    global.set $bysyncify_stack_limit
  )
  (func $"bysyncify guard: report" (;17;) (type 6) (param i32 i32 i32 i32)
    (local i32)
    global.get $"bysyncify guard: host stack"
    local.get 3
    i32.sub
    i32.const 24
    i32.sub
    i32.const -16
    i32.and
    local.tee 4
    global.set $__stack_pointer
    local.get 4
    i32.const 24
    i32.add
    local.get 2
    local.get 3
    memory.init 1
    local.get 4
    local.get 4
    i32.const 24
    i32.add
    i32.store
    local.get 4
    local.get 3
    i32.store offset=4
    local.get 4
    local.get 1
    i32.store offset=8
    local.get 4
    local.get 0
    i32.store offset=12
    local.get 4
    i32.const 0
    i32.store offset=20
    local.get 4
    global.get $bysyncify_current_core
    i32.store offset=16
    i32.const 0
    global.set $bysyncify_stack_limit
    global.get $"bysyncify guard: reporter"
    local.get 4
    call $bysyncify_outside
    unreachable
  )
  (func $"bysyncify guard: stack limit passed" (;18;) (type 6) (param i32 i32 i32 i32)
    local.get 0
    global.get $bysyncify_stack_limit
    i32.lt_u
    local.get 0
    i32.const 16
    i32.shr_u
    memory.size
    i32.ge_u
    i32.or
    global.get $__stack_pointer
    global.get $bysyncify_stack_limit
    i32.const 256
    i32.sub
    i32.ge_u
    i32.and
    global.get $bysyncify_stack_limit
    i32.eqz
    i32.eqz
    i32.and
    if ;; label = @1
      local.get 0
      i32.const 384
      i32.sub
      local.get 1
      local.get 2
      local.get 3
      call $"bysyncify guard: report"
    end
  )
  (func $"bysyncify guard: stack limit was passed" (;19;) (type 7) (param i32 i32 i32)
    global.get $bysyncify_stack_limit
    i32.eqz
    if ;; label = @1
      unreachable
    end
    global.get $__stack_pointer
    i32.const 384
    i32.sub
    local.get 0
    local.get 1
    local.get 2
    call $"bysyncify guard: report"
  )
  (data (;0;) (i32.const 1024) "data")
  (data (;1;) "`guest::f``core::fmt::write` (assumed not to suspend)")
  (@custom "target_features" (after data) "\01+\0bbulk-memory")
)
