;;! imports = env.sleep
;;! globals = imported
;;! show = waits, asyncify_start_unwind, asyncify_get_state
;; Modules that are linked while they run share the state. The module's own globals come after it.
(module
  (import "env" "sleep" (func $sleep (param i32) (result i32)))
  (import "env" "base" (global $base i32))
  (memory (export "memory") 1)
  (global $own (mut i32) (global.get $base))
  (func $waits (export "waits") (result i32)
    (global.set $own (i32.add (global.get $base) (global.get $own)))
    (call $sleep (global.get $own)))
)

(; becomes
  (func $waits (;8;) (type 1) (result i32)
    (local i32 i32)
    block ;; label = @1
      block (result i32) ;; label = @2
        global.get $asyncify_state
        if ;; label = @3
          i32.const 4
          call $asyncify_pop
          local.set 1
          local.get 1
          i32.load
          local.set 0
          local.get 0
          call $sleep
          br 1 (;@2;)
        end
        global.get $base
        global.get $own
        i32.add
        global.set $own
        global.get $own
        local.tee 0
        call $sleep
      end
      global.get $asyncify_state
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
  (func $asyncify_start_unwind (;1;) (type 3) (param i32)
    i32.const 1
    global.set $asyncify_state
    local.get 0
    global.set $asyncify_data
    global.get $asyncify_data
    i32.load
    global.get $asyncify_data
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_get_state (;7;) (type 5) (result i32)
    global.get $asyncify_state
  )
;)
