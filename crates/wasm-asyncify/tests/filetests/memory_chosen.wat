;;! imports = env.sleep
;;! memory = frames
;;! show = waits, asyncify_start_unwind, asyncify_push, asyncify_pop
;; Of several memories the one that is named holds frames. Its addresses have 64 bits here.
(module
  (import "env" "sleep" (func $sleep (param i32) (result i32)))
  (memory (export "memory") 1)
  (memory (export "frames") i64 1)
  (func $waits (export "waits") (param i32) (result i32)
    (i32.store (i32.const 8) (i32.const 1))
    (i32.add (local.get 0) (call $sleep (local.get 0))))
)

(; becomes
  (func $waits (;8;) (type 0) (param i32) (result i32)
    (local i32 i32 i64)
    block ;; label = @1
      block (result i32) ;; label = @2
        global.get 0
        if ;; label = @3
          i64.const 8
          call $asyncify_pop
          local.set 3
          local.get 3
          i32.load 1
          local.set 1
          local.get 3
          i32.load 1 offset=4
          local.set 2
          local.get 2
          call $sleep
          br 1 (;@2;)
        end
        i32.const 8
        i32.const 1
        i32.store
        local.get 0
        local.get 0
        local.set 2
        local.set 1
        local.get 2
        call $sleep
      end
      global.get 0
      br_if 0 (;@1;)
      local.set 2
      local.get 1
      local.get 2
      i32.add
      return
    end
    i64.const 8
    call $asyncify_push
    local.tee 3
    i64.eqz
    i32.eqz
    if ;; label = @1
      local.get 3
      local.get 1
      i32.store 1
      local.get 3
      local.get 2
      i32.store 1 offset=4
    end
    i32.const 0
  )
  (func $asyncify_start_unwind (;1;) (type 2) (param i64)
    i32.const 1
    global.set 0
    local.get 0
    global.set 1
    global.get 1
    i64.load 1 align=4
    global.get 1
    i64.load 1 offset=8 align=4
    i64.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_push (;5;) (type 1) (param i64) (result i64)
    (local i64)
    global.get 1
    global.get 1
    i64.load 1 align=4
    local.tee 1
    local.get 0
    i64.add
    i64.store 1 align=4
    local.get 1
    i64.const 0
    global.get 1
    i64.load 1 align=4
    global.get 1
    i64.load 1 offset=8 align=4
    i64.gt_u
    i32.eqz
    select
  )
  (func $asyncify_pop (;6;) (type 1) (param i64) (result i64)
    (local i64)
    global.get 1
    global.get 1
    i64.load 1 align=4
    local.get 0
    i64.sub
    local.tee 1
    i64.store 1 align=4
    local.get 1
  )
;)
