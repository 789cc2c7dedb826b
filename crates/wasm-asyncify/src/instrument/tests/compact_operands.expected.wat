  (func $waits (;8;) (type $t) (param $x i32) (result i32)
    (local i32 i32 i32 i32)
    block (result i32) ;; label = @1
      block ;; label = @2
        block ;; label = @3
          block ;; label = @4
            global.get 0
            if ;; label = @5
              call $asyncify_restore_i32
              local.set 4
              call $asyncify_restore_i32
              local.set 3
              call $asyncify_restore_i32
              local.set 2
              call $asyncify_restore_i32
              local.set 1
              call $asyncify_restore_i32
              local.set $x
              call $asyncify_restore_i32
              br_table 1 (;@4;) 2 (;@3;) 3 (;@2;)
            end
            local.get $x
            i32.load
            local.set 1
          end
          local.get $x
          i32.const 1
          i32.add
          local.get 1
          call_indirect (type $t)
          i32.const 0
          global.get 0
          br_if 2 (;@1;)
          drop
          local.get $x
          local.set 1
          i32.const 2
          local.tee $x
          call $plain
          local.set 4
          local.get $x
          local.set 3
          local.set 2
        end
        local.get 2
        local.get 1
        local.get 4
        local.get 3
        call_indirect (type $pair)
        i32.const 1
        global.get 0
        br_if 1 (;@1;)
        drop
        i32.const 3
        local.set 4
        local.set 1
        local.set 2
      end
      local.get 2
      local.get 1
      local.get 4
      call $suspend
      i32.const 2
      global.get 0
      br_if 0 (;@1;)
      drop
      i32.add
      i32.add
      return
    end
    local.get $x
    local.get 1
    local.get 2
    local.get 3
    local.get 4
    call $asyncify_save_i32_6
    i32.const 0
  )
