(module $demo
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func (param i32) (result i32)))
  (type (;4;) (func (param i32) (result i32)))
  (type (;5;) (func (param i32)))
  (type (;6;) (func))
  (type (;7;) (func (param i32) (result i32)))
  (type (;8;) (func))
  (type (;9;) (func (result i32)))
  (type (;10;) (func (param i32) (result i32)))
  (type (;11;) (func (result i32)))
  (type (;12;) (func (param i32) (result i32)))
  (type (;13;) (func (param i32 i32 i32)))
  (table (;0;) 3 3 funcref)
  (memory (;0;) 1)
  (tag $error (;0;) (type 0) (param i32))
  (global $is_suspended (;0;) (mut i32) i32.const 0)
  (global $is_rewinding (;1;) (mut i32) i32.const 0)
  (global $asyncify_state (;2;) (mut i32) i32.const 0)
  (global $asyncify_data (;3;) (mut i32) i32.const 0)
  (global $asyncify_frame (;4;) (mut i32) i32.const 0)
  (global $asyncify_exception (;5;) (mut exnref) ref.null exn)
  (global $asyncify_result_0 (;6;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "error" (tag 0))
  (export "is_suspended" (global $is_suspended))
  (export "resume" (func $resume))
  (elem (;0;) (i32.const 0) func $entry $catches $throws)
  (func $asyncify_start_unwind (;0;) (type 0) (param i32)
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
    global.get $asyncify_data
    i32.load
    global.get $asyncify_data
    i32.load offset=4
    i32.const 4
    i32.sub
    i32.gt_u
    if ;; label = @1
      global.get $asyncify_data
      global.get $asyncify_data
      i32.load
      i32.const 4
      i32.add
      i32.store
    else
      global.get $asyncify_data
      i32.load offset=4
      i32.const 4
      i32.sub
      global.get $asyncify_data
      i32.load
      i32.store
    end
  )
  (func $asyncify_stop_unwind (;1;) (type 1)
    i32.const 0
    global.set $asyncify_state
    global.get $asyncify_data
    i32.load
    global.get $asyncify_data
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_start_rewind (;2;) (type 0) (param i32)
    i32.const 2
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
  (func $asyncify_stop_rewind (;3;) (type 1)
    i32.const 0
    global.set $asyncify_state
    global.get $asyncify_data
    i32.load
    global.get $asyncify_data
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_push (;4;) (type 3) (param i32) (result i32)
    (local i32)
    global.get $asyncify_data
    i32.load
    local.tee 1
    local.get 0
    i32.add
    local.tee 0
    global.get $asyncify_data
    i32.load offset=4
    i32.const 4
    i32.sub
    i32.gt_u
    if ;; label = @1
      global.get $asyncify_data
      local.get 0
      local.get 0
      i32.const 4
      i32.add
      local.get 0
      global.get $asyncify_data
      i32.load offset=4
      i32.gt_u
      select
      i32.store
      i32.const 0
      return
    end
    global.get $asyncify_data
    local.get 0
    i32.store
    local.get 1
  )
  (func $asyncify_pop (;5;) (type 3) (param i32) (result i32)
    (local i32)
    global.get $asyncify_data
    global.get $asyncify_data
    i32.load
    local.get 0
    i32.sub
    local.tee 1
    i32.store
    local.get 1
  )
  (func $asyncify_frame_size (;6;) (type 4) (param i32) (result i32)
    block ;; label = @1
      block ;; label = @2
        block ;; label = @3
          local.get 0
          br_table 1 (;@2;) 1 (;@2;) 0 (;@3;) 2 (;@1;)
        end
        i32.const 8
        return
      end
      i32.const 12
      return
    end
    unreachable
  )
  (func $asyncify_enter (;7;) (type 5) (param i32)
    block ;; label = @1
      block ;; label = @2
        local.get 0
        br_table 0 (;@2;) 0 (;@2;) 0 (;@2;) 1 (;@1;)
      end
      i32.const 0
      local.get 0
      call_indirect (type 2)
      global.set $asyncify_result_0
      return
    end
    unreachable
  )
  (func $asyncify_dispatch (;8;) (type 6)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32)
    global.get $asyncify_data
    local.tee 0
    i32.load
    local.set 3
    local.get 0
    i32.load offset=4
    i32.const 4
    i32.sub
    i32.load
    local.tee 1
    local.set 2
    i32.const 3
    local.set 7
    loop ;; label = @1
      local.get 2
      i32.const 4
      i32.add
      global.set $asyncify_frame
      local.get 2
      local.get 2
      i32.load
      local.tee 6
      call $asyncify_frame_size
      i32.add
      local.tee 2
      local.get 3
      i32.eq
      if ;; label = @2
        i32.const 1
        local.set 8
        local.get 0
        local.get 1
        i32.store
      else
        local.get 2
        i32.load
        i32.const -1
        i32.eq
        if ;; label = @3
          local.get 0
          local.get 1
          local.tee 3
          i32.store
          local.get 2
          i32.load offset=8
          local.set 1
          local.get 2
          i32.load offset=4
          local.set 2
        end
      end
      local.get 7
      i32.const 5
      i32.eq
      if ;; label = @2
        local.get 6
        call $asyncify_catches
        i32.eqz
        if ;; label = @3
          local.get 8
          i32.eqz
          br_if 2 (;@1;)
          call $asyncify_throw
          unreachable
        end
      end
      local.get 0
      global.set $asyncify_data
      local.get 7
      global.set $asyncify_state
      block ;; label = @2
        block (result exnref) ;; label = @3
          try_table (catch_all_ref 0 (;@3;)) ;; label = @4
            local.get 6
            call $asyncify_enter
          end
          br 1 (;@2;)
        end
        global.set $asyncify_exception
        i32.const 5
        local.set 7
        local.get 8
        i32.eqz
        br_if 1 (;@1;)
        call $asyncify_throw
        unreachable
      end
      global.get $asyncify_state
      if ;; label = @2
        local.get 8
        if ;; label = @3
          return
        end
        local.get 0
        i32.load
        local.tee 5
        local.get 0
        i32.load offset=4
        i32.gt_u
        if ;; label = @3
          return
        end
        local.get 0
        i32.load offset=4
        i32.const 4
        i32.sub
        i32.load
        local.get 3
        i32.eq
        i32.eqz
        if ;; label = @3
          unreachable
        end
        local.get 2
        local.get 1
        i32.sub
        local.tee 4
        local.get 3
        local.get 2
        i32.sub
        i32.gt_u
        if ;; label = @3
          local.get 3
          local.get 4
          i32.sub
          local.set 3
          loop ;; label = @4
            local.get 2
            local.get 4
            i32.sub
            local.get 2
            i32.load
            i32.store
            local.get 2
            i32.const 4
            i32.add
            local.tee 2
            local.get 5
            i32.eq
            i32.eqz
            br_if 0 (;@4;)
          end
          local.get 5
          local.get 4
          i32.sub
          local.set 5
          local.get 1
          local.set 2
        end
        local.get 0
        local.get 5
        i32.const 12
        i32.add
        i32.store
        local.get 5
        i32.const 16
        i32.add
        local.get 0
        i32.load offset=4
        i32.gt_u
        if ;; label = @3
          local.get 0
          local.get 5
          i32.const 16
          i32.add
          i32.store
          return
        end
        local.get 5
        i32.const -1
        i32.store
        local.get 5
        local.get 2
        i32.store offset=4
        local.get 5
        local.get 1
        i32.store offset=8
        local.get 0
        i32.load offset=4
        i32.const 4
        i32.sub
        local.get 3
        i32.store
        return
      end
      i32.const 4
      local.set 7
      local.get 8
      i32.eqz
      br_if 0 (;@1;)
    end
  )
  (func $asyncify_catches (;9;) (type 7) (param i32) (result i32)
    block ;; label = @1
      block ;; label = @2
        block ;; label = @3
          local.get 0
          br_table 0 (;@3;) 1 (;@2;) 0 (;@3;) 2 (;@1;)
        end
        i32.const 0
        return
      end
      i32.const 1
      return
    end
    unreachable
  )
  (func $asyncify_throw (;10;) (type 8)
    i32.const 0
    global.set $asyncify_state
    global.get $asyncify_exception
    ref.null exn
    global.set $asyncify_exception
    throw_ref
  )
  (func $asyncify_resume_i32 (;11;) (type 9) (result i32)
    call $asyncify_dispatch
    i32.const 0
    global.get $asyncify_result_0
    global.get $asyncify_state
    select
  )
  (func $asyncify_advance (;12;) (type 10) (param i32) (result i32)
    global.get $asyncify_state
    i32.eqz
    if ;; label = @1
      local.get 0
      call $asyncify_advance
      drop
    end
    global.get $asyncify_frame
    global.get $asyncify_frame
    local.get 0
    i32.add
    global.set $asyncify_frame
  )
  (func $asyncify_restore_i32 (;13;) (type 11) (result i32)
    i32.const 4
    call $asyncify_advance
    i32.load
  )
  (func $asyncify_move (;14;) (type 12) (param i32) (result i32)
    (local i32)
    global.get $asyncify_state
    i32.eqz
    if ;; label = @1
      local.get 0
      call $asyncify_move
      drop
    end
    global.get $asyncify_data
    i32.load
    local.tee 1
    local.get 0
    i32.add
    local.tee 0
    global.get $asyncify_data
    i32.load offset=4
    i32.const 4
    i32.sub
    i32.gt_u
    if ;; label = @1
      global.get $asyncify_data
      local.get 0
      local.get 0
      i32.const 4
      i32.add
      local.get 0
      global.get $asyncify_data
      i32.load offset=4
      i32.gt_u
      select
      i32.store
      i32.const 0
      return
    end
    global.get $asyncify_data
    local.get 0
    i32.store
    local.get 1
  )
  (func $asyncify_save_i32_3 (;15;) (type 13) (param i32 i32 i32)
    (local i32)
    i32.const 12
    call $asyncify_move
    local.tee 3
    if ;; label = @1
      local.get 3
      local.get 0
      i32.store offset=8
      local.get 3
      local.get 1
      i32.store offset=4
      local.get 3
      local.get 2
      i32.store
    end
  )
  (func $suspend (;16;) (type 1)
    global.get $is_rewinding
    if ;; label = @1
      i32.const 0
      global.set $is_rewinding
      call $asyncify_stop_rewind
      return
    end
    i32.const 1
    global.set $is_suspended
    i32.const 16
    call $asyncify_start_unwind
  )
  (func $entry (;17;) (type 2) (param i32) (result i32)
    (local i32)
    block (result i32) ;; label = @1
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          global.get $asyncify_state
          if ;; label = @4
            global.get $asyncify_state
            i32.const 2
            i32.eq
            if ;; label = @5
              call $asyncify_resume_i32
              return
            end
            call $asyncify_restore_i32
            local.set 0
            call $asyncify_restore_i32
            local.set 1
            global.get $asyncify_result_0
            i32.const 0
            global.set $asyncify_state
            local.get 1
            br_table 1 (;@3;) 2 (;@2;)
          end
          local.get 0
          call $catches
          i32.const 0
          global.get $asyncify_state
          br_if 2 (;@1;)
          drop
        end
        drop
        i32.const 7
        call $throws
        i32.const 1
        global.get $asyncify_state
        br_if 1 (;@1;)
        drop
      end
      local.get 0
      i32.add
      return
    end
    local.get 0
    i32.const 0
    call $asyncify_save_i32_3
    i32.const 0
  )
  (func $catches (;18;) (type 2) (param i32) (result i32)
    (local i32 i32)
    block (result i32) ;; label = @1
      block (result i32) ;; label = @2
        block ;; label = @3
          global.get $asyncify_state
          if ;; label = @4
            global.get $asyncify_frame
            local.set 2
            local.get 2
            i32.load
            local.set 0
            local.get 2
            i32.load offset=4
            local.set 1
            br 1 (;@3;)
          end
        end
        try_table (catch $error 0 (;@2;)) ;; label = @3
          block (result i32) ;; label = @4
            block ;; label = @5
              global.get $asyncify_state
              if ;; label = @6
                local.get 1
                i32.const 1
                i32.ge_u
                if ;; label = @7
                  global.get $asyncify_state
                  i32.const 5
                  i32.eq
                  if ;; label = @8
                    call $asyncify_throw
                  end
                  global.get $asyncify_result_0
                  i32.const 0
                  global.set $asyncify_state
                  br 3 (;@4;)
                end
                i32.const 2
                global.set $asyncify_state
                call $suspend
                br 1 (;@5;)
              end
              call $suspend
            end
            i32.const 0
            global.get $asyncify_state
            br_if 3 (;@1;)
            drop
            local.get 0
            call $throws
            i32.const 1
            global.get $asyncify_state
            br_if 3 (;@1;)
            drop
          end
          local.get 0
          i32.add
          return
        end
        unreachable
      end
      local.get 0
      i32.add
      return
    end
    local.set 1
    block ;; label = @1
      global.get $asyncify_data
      i32.load
      local.tee 2
      i32.const 12
      i32.add
      global.get $asyncify_data
      i32.load offset=4
      i32.const 4
      i32.sub
      i32.gt_u
      if ;; label = @2
        i32.const 12
        call $asyncify_push
        drop
        br 1 (;@1;)
      end
      global.get $asyncify_data
      local.get 2
      i32.const 12
      i32.add
      i32.store
      local.get 2
      i32.const 1
      i32.store
      local.get 2
      local.get 0
      i32.store offset=4
      local.get 2
      local.get 1
      i32.store offset=8
    end
    i32.const 0
  )
  (func $throws (;19;) (type 2) (param i32) (result i32)
    (local i32)
    block ;; label = @1
      block ;; label = @2
        global.get $asyncify_state
        if ;; label = @3
          global.get $asyncify_frame
          local.set 1
          local.get 1
          i32.load
          local.set 0
          i32.const 2
          global.set $asyncify_state
          call $suspend
          br 1 (;@2;)
        end
        call $suspend
      end
      global.get $asyncify_state
      br_if 0 (;@1;)
      local.get 0
      throw $error
      return
    end
    block ;; label = @1
      global.get $asyncify_data
      i32.load
      local.tee 1
      i32.const 8
      i32.add
      global.get $asyncify_data
      i32.load offset=4
      i32.const 4
      i32.sub
      i32.gt_u
      if ;; label = @2
        i32.const 8
        call $asyncify_push
        drop
        br 1 (;@1;)
      end
      global.get $asyncify_data
      local.get 1
      i32.const 8
      i32.add
      i32.store
      local.get 1
      i32.const 2
      i32.store
      local.get 1
      local.get 0
      i32.store offset=4
    end
    i32.const 0
  )
  (func $resume (;20;) (type 2) (param i32) (result i32)
    (local i32)
    global.get $is_suspended
    if ;; label = @1
      i32.const 0
      global.set $is_suspended
      i32.const 1
      global.set $is_rewinding
      i32.const 16
      call $asyncify_start_rewind
    end
    local.get 0
    call $entry
    local.set 1
    global.get $is_suspended
    if ;; label = @1
      call $asyncify_stop_unwind
    end
    local.get 1
  )
  (data (;0;) (i32.const 16) "@\00\00\00\00\00\01\00")
)
