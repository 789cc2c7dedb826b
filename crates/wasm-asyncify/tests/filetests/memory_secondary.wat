;;! imports = env.sleep
;;! memory = secondary
;;! compact = all
;; A memory for frames alone is added beside the program's.
(module
  (import "env" "sleep" (func $sleep (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $waits (export "waits") (param i32) (result i32)
    (i32.store (i32.const 8) (i32.const 1))
    (i32.add (local.get 0) (call $sleep (local.get 0))))
)

(; becomes
(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func))
  (type (;4;) (func (result i32)))
  (type (;5;) (func (param i32) (result i32)))
  (type (;6;) (func (result i32)))
  (type (;7;) (func (param i32 i32)))
  (import "env" "sleep" (func $sleep (;0;) (type 0) (param i32) (result i32)))
  (memory (;0;) 1)
  (memory (;1;) 2)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "waits" (func $waits))
  (export "asyncify_memory" (memory 1))
  (export "asyncify_start_unwind" (func $asyncify_start_unwind))
  (export "asyncify_stop_unwind" (func $asyncify_stop_unwind))
  (export "asyncify_start_rewind" (func $asyncify_start_rewind))
  (export "asyncify_stop_rewind" (func $asyncify_stop_rewind))
  (export "asyncify_get_state" (func $asyncify_get_state))
  (func $asyncify_start_unwind (;1;) (type 2) (param i32)
    i32.const 1
    global.set 0
    local.get 0
    global.set 1
    global.get 1
    i32.load 1
    global.get 1
    i32.load 1 offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_stop_unwind (;2;) (type 3)
    i32.const 0
    global.set 0
    global.get 1
    i32.load 1
    global.get 1
    i32.load 1 offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_start_rewind (;3;) (type 2) (param i32)
    i32.const 2
    global.set 0
    local.get 0
    global.set 1
    global.get 1
    i32.load 1
    global.get 1
    i32.load 1 offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_stop_rewind (;4;) (type 3)
    i32.const 0
    global.set 0
    global.get 1
    i32.load 1
    global.get 1
    i32.load 1 offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_push (;5;) (type 1) (param i32) (result i32)
    (local i32)
    global.get 1
    global.get 1
    i32.load 1
    local.tee 1
    local.get 0
    i32.add
    i32.store 1
    local.get 1
    i32.const 0
    global.get 1
    i32.load 1
    global.get 1
    i32.load 1 offset=4
    i32.gt_u
    i32.eqz
    select
  )
  (func $asyncify_pop (;6;) (type 1) (param i32) (result i32)
    (local i32)
    global.get 1
    global.get 1
    i32.load 1
    local.get 0
    i32.sub
    local.tee 1
    i32.store 1
    local.get 1
  )
  (func $asyncify_get_state (;7;) (type 4) (result i32)
    global.get 0
  )
  (func $asyncify_move (;8;) (type 5) (param i32) (result i32)
    (local i32)
    global.get 0
    i32.eqz
    if ;; label = @1
      local.get 0
      call $asyncify_move
      drop
    end
    global.get 1
    global.get 1
    i32.load 1
    local.tee 1
    local.get 0
    i32.add
    i32.store 1
    local.get 1
    i32.const 0
    global.get 1
    i32.load 1
    global.get 1
    i32.load 1 offset=4
    i32.gt_u
    i32.eqz
    select
  )
  (func $asyncify_restore_i32 (;9;) (type 6) (result i32)
    i32.const -4
    call $asyncify_move
    i32.const 4
    i32.sub
    i32.load 1
  )
  (func $asyncify_save_i32_2 (;10;) (type 7) (param i32 i32)
    (local i32)
    i32.const 8
    call $asyncify_move
    local.tee 2
    if ;; label = @1
      local.get 2
      local.get 0
      i32.store 1
      local.get 2
      local.get 1
      i32.store 1 offset=4
    end
  )
  (func $waits (;11;) (type 0) (param i32) (result i32)
    (local i32 i32)
    block ;; label = @1
      block ;; label = @2
        global.get 0
        if ;; label = @3
          call $asyncify_restore_i32
          local.set 2
          call $asyncify_restore_i32
          local.set 1
          br 1 (;@2;)
        end
        i32.const 8
        i32.const 1
        i32.store
        local.get 0
        local.get 0
        local.set 2
        local.set 1
      end
      local.get 1
      local.get 2
      call $sleep
      global.get 0
      br_if 0 (;@1;)
      i32.add
      return
    end
    local.get 1
    local.get 2
    call $asyncify_save_i32_2
    i32.const 0
  )
)
;)
