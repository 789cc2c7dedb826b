;;! lowering = stack-switching
;;! stack-checks = off
;; The switch is that of `build/switch.wat`, without what is looked for in a stack. Between the imports that are taken
;; out there is one that stays.

(module
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "env" "log" (func $log (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (table 2 funcref)
  (memory 1)
  (global $__stack_pointer (mut i32) (i32.const 4096))
  (global $bysyncify_current_core (mut i32) (i32.const 0))
  (elem (i32.const 1) func $entry)
  (export "poll" (func $poll))

  (func $bysyncify_resume (param i32 i32 i32) (result i32) (local $caller_core i32) (local $finished i32)
    (local.set $caller_core (global.get $bysyncify_current_core))
    (global.set $bysyncify_current_core (local.get 2))
    (if (i32.eq (i32.load offset=12 (local.get 2)) (i32.const 3))
      (then
        (i32.store offset=12 (local.get 2) (i32.const 4))
        (call $start_rewind (local.get 2)))
      (else (i32.store offset=12 (local.get 2) (i32.const 1))))
    (local.set $finished
      (call_indirect (param i32 f32) (result i32) (local.get 1) (f32.const 0) (local.get 0)))
    (global.set $bysyncify_current_core (local.get $caller_core))
    (if (i32.eqz (local.get $finished))
      (then
        (i32.store offset=12 (local.get 2) (i32.const 3))
        (call $stop_unwind)))
    (local.get $finished))

  (func $bysyncify_suspend (param i32) (result i32) (local $core i32)
    (local.set $core (global.get $bysyncify_current_core))
    (if (i32.eqz (local.get $core)) (then (return (i32.const 3))))
    (if (i32.eq (i32.load offset=12 (local.get $core)) (i32.const 4))
      (then
        (i32.store offset=12 (local.get $core) (i32.const 1))
        (call $stop_rewind)
        (return (i32.const 0))))
    (i32.store offset=8 (local.get $core) (global.get $__stack_pointer))
    (i32.store offset=12 (local.get $core) (i32.const 2))
    (call $start_unwind (local.get $core))
    (i32.const 2))

  (func $poll (param $core i32) (result i32)
    (call $bysyncify_resume (i32.const 1) (i32.const 7) (local.get $core)))

  ;; Waits twice. Neither it nor what it calls is instrumented.
  (func $entry (param $data i32) (param f32) (result i32)
    (call $waits)
    (call $log (local.get $data))
    (call $waits)
    (i32.const 1))
  (func $waits (drop (call $bysyncify_suspend (i32.const 64)))))

(; becomes
(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32 i32 i32) (result i32)))
  (type (;3;) (func (param i32 f32) (result i32)))
  (type (;4;) (func (param i32) (result i32)))
  (type (;5;) (func (param i32)))
  (type (;6;) (cont 5))
  (type (;7;) (func (param i32) (result i32)))
  (type (;8;) (func (result i32 (ref 6))))
  (type (;9;) (func (param i32 f32 i32) (result i32)))
  (import "env" "log" (func $log (;0;) (type 0) (param i32)))
  (table (;0;) 2 funcref)
  (table (;1;) 0 (ref null 6))
  (memory (;0;) 1)
  (tag (;0;) (type 7) (param i32) (result i32))
  (global $__stack_pointer (;0;) (mut i32) i32.const 4096)
  (global $bysyncify_current_core (;1;) (mut i32) i32.const 0)
  (global $"bysyncify guard: host stack" (;2;) (mut i32) i32.const 0)
  (global $"bysyncify guard: why outside" (;3;) (mut i32) i32.const 0)
  (global $"bysyncify idle worker" (;4;) (mut i32) i32.const -1)
  (global $"bysyncify entry" (;5;) (mut i32) i32.const 0)
  (global $"bysyncify data" (;6;) (mut i32) i32.const 0)
  (global $"bysyncify worker" (;7;) (ref 5) ref.func $"bysyncify worker")
  (export "poll" (func $poll))
  (elem (;0;) (i32.const 1) func $entry)
  (func $bysyncify_resume (;1;) (type 2) (param i32 i32 i32) (result i32)
    (local $caller_core i32) (local $finished i32)
    global.get $bysyncify_current_core
    local.set $caller_core
    local.get 2
    global.set $bysyncify_current_core
    local.get 2
    i32.load offset=12
    i32.const 3
    i32.eq
    if ;; label = @1
      local.get 2
      i32.const 4
      i32.store offset=12
      local.get 2
      drop
    else
      local.get 2
      i32.const 1
      i32.store offset=12
    end
    local.get 1
    f32.const 0x0p+0 (;=0;)
    local.get 0
    call $"bysyncify run"
    local.set $finished
    local.get $caller_core
    global.set $bysyncify_current_core
    local.get $finished
    i32.eqz
    if ;; label = @1
      local.get 2
      i32.const 3
      i32.store offset=12
    end
    local.get $finished
  )
  (func $bysyncify_suspend (;2;) (type 4) (param i32) (result i32)
    (local $core i32)
    global.get $bysyncify_current_core
    local.set $core
    local.get $core
    i32.eqz
    if ;; label = @1
      i32.const 3
      return
    end
    local.get $core
    i32.load offset=12
    i32.const 4
    i32.eq
    if ;; label = @1
      local.get $core
      i32.const 1
      i32.store offset=12
      i32.const 0
      return
    end
    local.get $core
    global.get $__stack_pointer
    i32.store offset=8
    local.get $core
    i32.const 2
    i32.store offset=12
    local.get $core
    drop
    i32.const 0
    suspend 0
    drop
    local.get 0
    call $bysyncify_suspend
    return
    i32.const 2
  )
  (func $poll (;3;) (type 4) (param $core i32) (result i32)
    i32.const 1
    i32.const 7
    local.get $core
    call $"bysyncify guard: bysyncify_resume"
  )
  (func $entry (;4;) (type 3) (param $data i32) (param f32) (result i32)
    call $waits
    local.get $data
    call $"bysyncify guard: env.log"
    call $waits
    i32.const 1
  )
  (func $waits (;5;) (type 1)
    i32.const 64
    call $bysyncify_suspend
    drop
  )
  (func $"bysyncify guard: bysyncify_resume" (;6;) (type 2) (param i32 i32 i32) (result i32)
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
  (func $"bysyncify guard: env.log" (;7;) (type 0) (param i32)
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
    call $log
    local.get 1
    global.set $__stack_pointer
    local.get 2
    global.set $"bysyncify guard: host stack"
    local.get 3
    global.set $"bysyncify guard: why outside"
    local.get 4
    global.set $bysyncify_current_core
  )
  (func $"bysyncify run" (;8;) (type 9) (param i32 f32 i32) (result i32)
    (local i32 i32 (ref null 6))
    global.get $bysyncify_current_core
    i32.load offset=12
    i32.const 4
    i32.eq
    if ;; label = @1
      global.get $bysyncify_current_core
      i32.load offset=8
      i32.const 4
      i32.sub
      i32.load
      local.set 3
    else
      global.get $"bysyncify idle worker"
      i32.const -1
      i32.eq
      if ;; label = @2
        ref.null 6
        i32.const 1
        table.grow 1
        local.set 3
        block (type 8) (result i32 (ref 6)) ;; label = @3
          local.get 3
          global.get $"bysyncify worker"
          cont.new 6
          resume 6 (on 0 0 (;@3;))
          unreachable
        end
        local.set 5
        local.set 4
        local.get 3
        local.get 5
        table.set 1
      end
      global.get $"bysyncify idle worker"
      local.set 3
      local.get 2
      global.set $"bysyncify entry"
      local.get 0
      global.set $"bysyncify data"
    end
    block (type 8) (result i32 (ref 6)) ;; label = @1
      local.get 3
      local.get 3
      table.get 1
      resume 6 (on 0 0 (;@1;))
      unreachable
    end
    local.set 5
    local.set 4
    local.get 3
    local.get 5
    table.set 1
    local.get 4
    i32.eqz
    if ;; label = @1
      global.get $bysyncify_current_core
      i32.load offset=8
      i32.const 4
      i32.sub
      local.get 3
      i32.store
    end
    local.get 4
  )
  (func $"bysyncify worker" (;9;) (type 5) (param i32)
    (local i32 i32)
    i32.const 1
    local.set 2
    loop ;; label = @1
      global.get $"bysyncify idle worker"
      local.set 1
      local.get 0
      global.set $"bysyncify idle worker"
      local.get 2
      suspend 0
      drop
      local.get 1
      global.set $"bysyncify idle worker"
      global.get $"bysyncify data"
      f32.const 0x0p+0 (;=0;)
      global.get $"bysyncify entry"
      call_indirect (type 3)
      local.set 2
      br 0 (;@1;)
    end
  )
)
;)
