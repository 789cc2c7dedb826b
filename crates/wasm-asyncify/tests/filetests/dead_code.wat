;;! imports = env.suspend
;;! show = waits
;; Code that is never reached is left out.
(module
  (import "env" "suspend" (func $suspend (param i32) (result i32)))
  (memory 1)
  (func $waits (result i32)
    (drop (call $suspend (i32.const 0)))
    (return (i32.const 1))
    (block (drop (call $suspend (i32.const 2))))
    (i32.const 3))
)

(; becomes
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
          call $suspend
          br 1 (;@2;)
        end
        i32.const 0
        local.tee 0
        call $suspend
      end
      global.get 0
      br_if 0 (;@1;)
      drop
      i32.const 1
      return
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
;)
