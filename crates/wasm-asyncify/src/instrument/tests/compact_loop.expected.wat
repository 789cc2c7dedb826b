  (func $waits (;9;) (type 1) (param $x i32)
    (local i32)
    block (result i32) ;; label = @1
      block ;; label = @2
        block ;; label = @3
          global.get 0
          if ;; label = @4
            call $asyncify_restore_i32
            local.set $x
            call $asyncify_restore_i32
            local.tee 1
            br_table 1 (;@3;) 2 (;@2;)
          end
        end
        i32.const 0
        call $waits_too
        i32.const 0
        global.get 0
        br_if 1 (;@1;)
        drop
      end
      loop ;; label = @2
        block ;; label = @3
          block ;; label = @4
            block ;; label = @5
              global.get 0
              if ;; label = @6
                local.get 1
                i32.const 1
                i32.sub
                br_table 1 (;@5;) 2 (;@4;)
              end
            end
            local.get $x
            call $waits_too
            i32.const 1
            global.get 0
            br_if 3 (;@1;)
            drop
            local.get $x
            i32.eqz
            br_if 1 (;@3;)
          end
          i32.const 1
          call $waits_too
          i32.const 2
          global.get 0
          br_if 2 (;@1;)
          drop
        end
        local.get $x
        i32.const 1
        i32.sub
        local.tee $x
        br_if 0 (;@2;)
      end
      return
    end
    local.get $x
    call $asyncify_save_i32_2
  )
