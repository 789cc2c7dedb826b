;;! imports = env.ask
;; What the host needs is exported.
(module
  (import "env" "ask" (func $ask (param i32) (result i32)))
  (memory 1)
  (func $waits (export "waits") (result i32) (call $ask (i32.const 7)))
)

(; becomes
(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func (param i32)))
  (type (;4;) (func))
  (type (;5;) (func (result i32)))
  (import "env" "ask" (func $ask (;0;) (type 0) (param i32) (result i32)))
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "waits" (func $waits))
  (export "asyncify_start_unwind" (func $asyncify_start_unwind))
  (export "asyncify_stop_unwind" (func $asyncify_stop_unwind))
  (export "asyncify_start_rewind" (func $asyncify_start_rewind))
  (export "asyncify_stop_rewind" (func $asyncify_stop_rewind))
  (export "asyncify_get_state" (func $asyncify_get_state))
  (func $asyncify_start_unwind (;1;) (type 3) (param i32)
    i32.const 1
    global.set 0
    local.get 0
    global.set 1
    global.get 1
    i32.load
    global.get 1
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_stop_unwind (;2;) (type 4)
    i32.const 0
    global.set 0
    global.get 1
    i32.load
    global.get 1
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_start_rewind (;3;) (type 3) (param i32)
    i32.const 2
    global.set 0
    local.get 0
    global.set 1
    global.get 1
    i32.load
    global.get 1
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_stop_rewind (;4;) (type 4)
    i32.const 0
    global.set 0
    global.get 1
    i32.load
    global.get 1
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_push (;5;) (type 2) (param i32) (result i32)
    (local i32)
    global.get 1
    global.get 1
    i32.load
    local.tee 1
    local.get 0
    i32.add
    i32.store
    local.get 1
    i32.const 0
    global.get 1
    i32.load
    global.get 1
    i32.load offset=4
    i32.gt_u
    i32.eqz
    select
  )
  (func $asyncify_pop (;6;) (type 2) (param i32) (result i32)
    (local i32)
    global.get 1
    global.get 1
    i32.load
    local.get 0
    i32.sub
    local.tee 1
    i32.store
    local.get 1
  )
  (func $asyncify_get_state (;7;) (type 5) (result i32)
    global.get 0
  )
  (func $waits (;8;) (type 1) (result i32)
    (local i32 i32)
    block ;; label = @1
      block (result i32) ;; label = @2
        global.get 0
        if ;; label = @3
          i32.const 4
          call $asyncify_pop
          local.set 1
          local.get 1
          i32.load
          local.set 0
          local.get 0
          call $ask
          br 1 (;@2;)
        end
        i32.const 7
        local.tee 0
        call $ask
      end
      global.get 0
      br_if 0 (;@1;)
      return
    end
    i32.const 4
    call $asyncify_push
    local.tee 1
    if ;; label = @1
      local.get 1
      local.get 0
      i32.store
    end
    i32.const 0
  )
)
;)
