(module $demo
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func (param i32) (result i32)))
  (type (;4;) (func (param i32) (result i32)))
  (type (;5;) (func (param i32)))
  (type (;6;) (func))
  (type (;7;) (func (result i32)))
  (type (;8;) (func (param i32) (result i32)))
  (type (;9;) (func (result i32)))
  (type (;10;) (func (param i32) (result i32)))
  (type (;11;) (func (param i32 i32)))
  (table (;0;) 2 2 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (global (;2;) (mut i32) i32.const 0)
  (global (;3;) (mut i32) i32.const 0)
  (elem (;0;) (i32.const 0) func $entry $fast)
  (func $asyncify_start_unwind (;0;) (type 0) (param i32)
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
    global.get 1
    i32.load
    global.get 1
    i32.load offset=4
    i32.const 4
    i32.sub
    i32.gt_u
    if ;; label = @1
      global.get 1
      global.get 1
      i32.load
      i32.const 4
      i32.add
      i32.store
    else
      global.get 1
      i32.load offset=4
      i32.const 4
      i32.sub
      global.get 1
      i32.load
      i32.store
    end
  )
  (func $asyncify_stop_unwind (;1;) (type 1)
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
  (func $asyncify_start_rewind (;2;) (type 0) (param i32)
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
  (func $asyncify_stop_rewind (;3;) (type 1)
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
  (func $asyncify_push (;4;) (type 3) (param i32) (result i32)
    (local i32)
    global.get 1
    i32.load
    local.tee 1
    local.get 0
    i32.add
    local.tee 0
    global.get 1
    i32.load offset=4
    i32.const 4
    i32.sub
    i32.gt_u
    if ;; label = @1
      global.get 1
      local.get 0
      local.get 0
      i32.const 4
      i32.add
      local.get 0
      global.get 1
      i32.load offset=4
      i32.gt_u
      select
      i32.store
      i32.const 0
      return
    end
    global.get 1
    local.get 0
    i32.store
    local.get 1
  )
  (func $asyncify_pop (;5;) (type 3) (param i32) (result i32)
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
  (func $asyncify_frame_size (;6;) (type 4) (param i32) (result i32)
    block ;; label = @1
      block ;; label = @2
        block ;; label = @3
          local.get 0
          br_table 0 (;@3;) 1 (;@2;) 2 (;@1;)
        end
        i32.const 8
        return
      end
      i32.const 16
      return
    end
    unreachable
  )
  (func $asyncify_enter (;7;) (type 5) (param i32)
    block ;; label = @1
      block ;; label = @2
        local.get 0
        br_table 0 (;@2;) 0 (;@2;) 1 (;@1;)
      end
      i32.const 0
      local.get 0
      call_indirect (type 2)
      global.set 3
      return
    end
    unreachable
  )
  (func $asyncify_dispatch (;8;) (type 6)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32)
    global.get 1
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
      global.set 2
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
      local.get 0
      global.set 1
      local.get 7
      global.set 0
      local.get 6
      call $asyncify_enter
      global.get 0
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
  (func $asyncify_resume_i32 (;9;) (type 7) (result i32)
    call $asyncify_dispatch
    i32.const 0
    global.get 3
    global.get 0
    select
  )
  (func $asyncify_advance (;10;) (type 8) (param i32) (result i32)
    global.get 0
    i32.eqz
    if ;; label = @1
      local.get 0
      call $asyncify_advance
      drop
    end
    global.get 2
    global.get 2
    local.get 0
    i32.add
    global.set 2
  )
  (func $asyncify_restore_i32 (;11;) (type 9) (result i32)
    i32.const 4
    call $asyncify_advance
    i32.load
  )
  (func $asyncify_move (;12;) (type 10) (param i32) (result i32)
    (local i32)
    global.get 0
    i32.eqz
    if ;; label = @1
      local.get 0
      call $asyncify_move
      drop
    end
    global.get 1
    i32.load
    local.tee 1
    local.get 0
    i32.add
    local.tee 0
    global.get 1
    i32.load offset=4
    i32.const 4
    i32.sub
    i32.gt_u
    if ;; label = @1
      global.get 1
      local.get 0
      local.get 0
      i32.const 4
      i32.add
      local.get 0
      global.get 1
      i32.load offset=4
      i32.gt_u
      select
      i32.store
      i32.const 0
      return
    end
    global.get 1
    local.get 0
    i32.store
    local.get 1
  )
  (func $asyncify_save_i32_2 (;13;) (type 11) (param i32 i32)
    (local i32)
    i32.const 8
    call $asyncify_move
    local.tee 2
    if ;; label = @1
      local.get 2
      local.get 0
      i32.store offset=4
      local.get 2
      local.get 1
      i32.store
    end
  )
  (func $suspend (;14;) (type 0) (param i32)
    local.get 0
    call $asyncify_start_unwind
    call $asyncify_stop_rewind
  )
  (func $entry (;15;) (type 2) (param i32) (result i32)
    block ;; label = @1
      block (result i32) ;; label = @2
        global.get 0
        if ;; label = @3
          global.get 0
          i32.const 2
          i32.eq
          if ;; label = @4
            call $asyncify_resume_i32
            return
          end
          call $asyncify_restore_i32
          local.set 0
          global.get 3
          i32.const 0
          global.set 0
          br 1 (;@2;)
        end
        local.get 0
        call $fast
        global.get 0
        br_if 1 (;@1;)
      end
      local.get 0
      i32.add
      return
    end
    local.get 0
    i32.const 0
    call $asyncify_save_i32_2
    i32.const 0
  )
  (func $fast (;16;) (type 2) (param i32) (result i32)
    (local i32 i32 i32)
    block (result i32) ;; label = @1
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block ;; label = @4
            global.get 0
            if ;; label = @5
              global.get 2
              local.set 3
              local.get 3
              i32.load
              local.set 0
              local.get 3
              i32.load offset=4
              local.set 1
              local.get 3
              i32.load offset=8
              local.set 2
              local.get 2
              i32.const 1
              i32.ge_u
              br_if 1 (;@4;)
              global.get 3
              i32.const 0
              global.set 0
              br 2 (;@3;)
            end
          end
          loop ;; label = @4
            block ;; label = @5
              global.get 0
              if ;; label = @6
                i32.const 2
                global.set 0
                local.get 0
                call $suspend
                br 1 (;@5;)
              end
              local.get 0
              call $suspend
            end
            i32.const 1
            global.get 0
            br_if 3 (;@1;)
            drop
            local.get 1
            i32.const 1
            i32.add
            local.tee 1
            br_if 0 (;@4;)
          end
          local.get 1
          call $passes_on
          i32.const 0
          global.get 0
          br_if 1 (;@2;)
          drop
        end
        local.get 0
        i32.mul
        return
      end
      i32.const 0
      local.set 1
    end
    local.set 2
    block ;; label = @1
      global.get 1
      i32.load
      local.tee 3
      i32.const 16
      i32.add
      global.get 1
      i32.load offset=4
      i32.const 4
      i32.sub
      i32.gt_u
      if ;; label = @2
        i32.const 16
        call $asyncify_push
        drop
        br 1 (;@1;)
      end
      global.get 1
      local.get 3
      i32.const 16
      i32.add
      i32.store
      local.get 3
      i32.const 1
      i32.store
      local.get 3
      local.get 1
      i32.store offset=8
      local.get 3
      local.get 0
      i32.store offset=4
      local.get 3
      local.get 2
      i32.store offset=12
    end
    i32.const 0
  )
  (func $passes_on (;17;) (type 2) (param i32) (result i32)
    local.get 0
    call $entry
  )
  (func $resume (;18;) (type 0) (param i32)
    i32.const 8
    call $asyncify_start_rewind
    local.get 0
    call $entry
    drop
    call $asyncify_stop_unwind
  )
)
