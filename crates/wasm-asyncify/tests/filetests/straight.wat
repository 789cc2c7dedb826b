;;! imports = env.suspend
;;! show = waits
;; Only what is live after the call is in the frame.
(module
  (import "env" "suspend" (func $suspend (param i32) (result i32)))
  (memory 1)
  (func $waits (param $x i32) (result i32) (local $dead i32) (local $live i64)
    (local.set $dead (i32.load (local.get $x)))
    (local.set $live (i64.const 7))
    (drop (call $suspend (local.get $dead)))
    (i32.add (i32.wrap_i64 (local.get $live)) (call $plain (i32.const 1))))
  (func $plain (param i32) (result i32) (local.get 0))
)

(; becomes
  (func $waits (;8;) (type 0) (param $x i32) (result i32)
    (local $dead i32) (local $live i64) (local i32)
    block ;; label = @1
      block (result i32) ;; label = @2
        global.get 0
        if ;; label = @3
          i32.const 12
          call $asyncify_pop
          local.set 3
          local.get 3
          i32.load
          local.set $dead
          local.get 3
          i64.load offset=4 align=4
          local.set $live
          local.get $dead
          call $suspend
          br 1 (;@2;)
        end
        local.get $x
        i32.load
        local.set $dead
        i64.const 7
        local.set $live
        local.get $dead
        call $suspend
      end
      global.get 0
      br_if 0 (;@1;)
      drop
      local.get $live
      i32.wrap_i64
      i32.const 1
      call $plain
      i32.add
      return
    end
    i32.const 12
    call $asyncify_push
    local.tee 3
    if ;; label = @1
      local.get 3
      local.get $dead
      i32.store
      local.get 3
      local.get $live
      i64.store offset=4 align=4
    end
    i32.const 0
  )
;)
