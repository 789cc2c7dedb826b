(module
  (type (;0;) (func))
  (type (;1;) (func (param i32 i64) (result f32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func (param i32) (result i32)))
  (type (;4;) (func (param i32 i32 i32) (result i32)))
  (type (;5;) (func (param i32 i32)))
  (type (;6;) (func (result i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind (;0;) (type 0)))
  (import "env" "print" (func $print (;1;) (type 1) (param i32 i64) (result f32)))
  (import "env" "begin" (func $begin (;2;) (type 0)))
  (import "__wbindgen_placeholder__" "__wbindgen_describe" (func $describe (;3;) (type 2) (param i32)))
  (import "__wbindgen_placeholder__" "__wbindgen_describe_generic_import" (func $mark (;4;) (type 2) (param i32)))
  (import "__wbindgen_placeholder__" "__wbindgen_object_drop_ref" (func $drop_ref (;5;) (type 2) (param i32)))
  (import "__wbindgen_placeholder__" "__wbg_then_0" (func $then (;6;) (type 2) (param i32)))
  (import "__wbindgen_externref_xform__" "__wbindgen_externref_table_grow" (func $grow (;7;) (type 2) (param i32)))
  (table (;0;) 2 funcref)
  (global $__stack_pointer (;0;) (mut i32) i32.const 1048576)
  (global $bysyncify_current_core (;1;) (mut i32) i32.const 0)
  (global $reference (;2;) funcref ref.func $"bysyncify guard: env.print")
  (global $"bysyncify guard: host stack" (;3;) (mut i32) i32.const 0)
  (global $"bysyncify guard: why outside" (;4;) (mut i32) i32.const 0)
  (export "print" (func $print))
  (export "poll" (func $poll))
  (start $"bysyncify guard: env.begin")
  (elem $table (;0;) (i32.const 0) func $"bysyncify guard: env.print" $poll)
  (elem $expressions (;1;) funcref (ref.func $"bysyncify guard: env.print") (ref.null func))
  (func $poll (;8;) (type 0)
    i32.const 1
    i32.const 2
    i32.const 3
    call $"bysyncify guard: bysyncify_resume"
    drop
    i32.const 4
    i32.const 5
    call $"bysyncify guard: bysyncify_outside"
    i32.const 6
    i64.const 7
    call $"bysyncify guard: env.print"
    drop
    ref.func $"bysyncify guard: env.print"
    drop
    i32.const 8
    call $drop_ref
    i32.const 9
    call $"bysyncify guard: __wbindgen_placeholder__.__wbg_then_0"
    i32.const 10
    call $grow
    i32.const 11
    call $"bysyncify guard: generic_import"
    drop
  )
  (func $generic_import (;9;) (type 3) (param i32) (result i32)
    i32.const 0
    call $describe
    i32.const 1
    call $mark
    local.get 0
  )
  (func $panic (;10;) (type 2) (param i32)
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
    unreachable
  )
  (func $bysyncify_resume (;11;) (type 4) (param i32 i32 i32) (result i32)
    call $stop_unwind
    i32.const 1
  )
  (func $bysyncify_outside (;12;) (type 5) (param i32 i32)
    call $stop_unwind
  )
  (func $initialize (;13;) (type 3) (param i32) (result i32)
    call $poll
    local.get 0
  )
  (func $get (;14;) (type 6) (result i32)
    i32.const 12
    call $"bysyncify guard: initialize"
  )
  (func $bysyncify_why_outside (;15;) (type 6) (result i32)
    global.get $"bysyncify guard: why outside"
  )
  (func $"bysyncify guard: bysyncify_resume" (;16;) (type 4) (param i32 i32 i32) (result i32)
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
  (func $"bysyncify guard: bysyncify_outside" (;17;) (type 5) (param i32 i32)
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
  (func $"bysyncify guard: env.print" (;18;) (type 1) (param i32 i64) (result f32)
    (local i32 i32 i32 i32)
    global.get $__stack_pointer
    local.set 2
    global.get $"bysyncify guard: host stack"
    local.set 3
    global.get $"bysyncify guard: why outside"
    local.set 4
    global.get $bysyncify_current_core
    local.set 5
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
    local.get 0
    local.get 1
    call $print
    local.get 2
    global.set $__stack_pointer
    local.get 3
    global.set $"bysyncify guard: host stack"
    local.get 4
    global.set $"bysyncify guard: why outside"
    local.get 5
    global.set $bysyncify_current_core
  )
  (func $"bysyncify guard: env.begin" (;19;) (type 0)
    (local i32 i32 i32 i32)
    global.get $__stack_pointer
    local.set 0
    global.get $"bysyncify guard: host stack"
    local.set 1
    global.get $"bysyncify guard: why outside"
    local.set 2
    global.get $bysyncify_current_core
    local.set 3
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
    call $begin
    local.get 0
    global.set $__stack_pointer
    local.get 1
    global.set $"bysyncify guard: host stack"
    local.get 2
    global.set $"bysyncify guard: why outside"
    local.get 3
    global.set $bysyncify_current_core
  )
  (func $"bysyncify guard: __wbindgen_placeholder__.__wbg_then_0" (;20;) (type 2) (param i32)
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
    local.get 0
    call $then
    local.get 1
    global.set $__stack_pointer
    local.get 2
    global.set $"bysyncify guard: host stack"
    local.get 3
    global.set $"bysyncify guard: why outside"
    local.get 4
    global.set $bysyncify_current_core
  )
  (func $"bysyncify guard: initialize" (;21;) (type 3) (param i32) (result i32)
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
    i32.const 2
    global.set $"bysyncify guard: why outside"
    local.get 0
    call $initialize
    local.get 1
    global.set $__stack_pointer
    local.get 2
    global.set $"bysyncify guard: host stack"
    local.get 3
    global.set $"bysyncify guard: why outside"
    local.get 4
    global.set $bysyncify_current_core
  )
  (func $"bysyncify guard: generic_import" (;22;) (type 3) (param i32) (result i32)
    (local i32 i32 i32 i32)
    global.get $bysyncify_current_core
    i32.eqz
    if ;; label = @1
      local.get 0
      call $generic_import
      return
    end
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
    local.get 0
    call $generic_import
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
