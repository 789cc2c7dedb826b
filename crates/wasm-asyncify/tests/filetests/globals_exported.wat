;;! imports = env.sleep
;;! globals = exported
(module
  (import "env" "sleep" (func $sleep))
  (memory (export "memory") 1)
  (func $waits (export "waits") (call $sleep))
)

(; becomes
(module
  (type (;0;) (func))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func))
  (type (;4;) (func (result i32)))
  (import "env" "sleep" (func $sleep (;0;) (type 0)))
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "waits" (func $waits))
  (export "asyncify_start_unwind" (func $asyncify_start_unwind))
  (export "asyncify_stop_unwind" (func $asyncify_stop_unwind))
  (export "asyncify_start_rewind" (func $asyncify_start_rewind))
  (export "asyncify_stop_rewind" (func $asyncify_stop_rewind))
  (export "asyncify_get_state" (func $asyncify_get_state))
  (export "__asyncify_state" (global 0))
  (export "__asyncify_data" (global 1))
  (func $asyncify_start_unwind (;1;) (type 2) (param i32)
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
  (func $asyncify_stop_unwind (;2;) (type 3)
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
  (func $asyncify_start_rewind (;3;) (type 2) (param i32)
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
  (func $asyncify_stop_rewind (;4;) (type 3)
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
  (func $asyncify_push (;5;) (type 1) (param i32) (result i32)
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
  (func $asyncify_pop (;6;) (type 1) (param i32) (result i32)
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
  (func $asyncify_get_state (;7;) (type 4) (result i32)
    global.get 0
  )
  (func $waits (;8;) (type 0)
    (local i32)
    block ;; label = @1
      block ;; label = @2
        global.get 0
        if ;; label = @3
          call $sleep
          br 1 (;@2;)
        end
        call $sleep
      end
      global.get 0
      br_if 0 (;@1;)
      return
    end
  )
)
;)
