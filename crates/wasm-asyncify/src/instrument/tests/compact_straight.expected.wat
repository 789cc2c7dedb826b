  (func $waits (;10;) (type 2) (param $x i32) (result i64)
    (local $live i64) (local i32)
    block (result i32) ;; label = @1
      block ;; label = @2
        block ;; label = @3
          global.get 0
          if ;; label = @4
            call $asyncify_restore_i64
            local.set $live
            call $asyncify_restore_i32
            local.set $x
            call $asyncify_restore_i32
            br_table 1 (;@3;) 2 (;@2;)
          end
          local.get $x
          i64.load
          local.set $live
        end
        local.get $x
        i32.const 4
        i32.add
        call $waits_too
        i32.const 0
        global.get 0
        br_if 1 (;@1;)
        drop
        drop
        local.get $x
        call $plain
        local.set $x
        local.get $x
        i32.load
        local.set 2
      end
      local.get 2
      call $waits_too
      i32.const 1
      global.get 0
      br_if 0 (;@1;)
      drop
      drop
      local.get $live
      return
    end
    local.get $x
    call $asyncify_save_i32_2
    local.get $live
    call $asyncify_save_i64
    i64.const 0
  )
