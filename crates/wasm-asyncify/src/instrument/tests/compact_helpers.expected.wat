(module
  (type (;0;) (func (param i64)))
  (type (;1;) (func (result i64)))
  (type (;2;) (func))
  (type (;3;) (func (param i64) (result i64)))
  (type (;4;) (func (param i64) (result i64)))
  (type (;5;) (func (result f64)))
  (type (;6;) (func (result f32)))
  (type (;7;) (func (result i64)))
  (type (;8;) (func (result i32)))
  (type (;9;) (func (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (type (;10;) (func (param i32 i32)))
  (type (;11;) (func (param i64)))
  (type (;12;) (func (param f32)))
  (type (;13;) (func (param f64)))
  (memory (;0;) i64 1)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i64) i64.const 0)
  (func $asyncify_start_unwind (;0;) (type 0) (param i64)
    i32.const 1
    global.set 0
    local.get 0
    global.set 1
    global.get 1
    i64.load align=4
    global.get 1
    i64.load offset=8 align=4
    i64.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_push (;1;) (type 3) (param i64) (result i64)
    (local i64)
    global.get 1
    global.get 1
    i64.load align=4
    local.tee 1
    local.get 0
    i64.add
    i64.store align=4
    local.get 1
    i64.const 0
    global.get 1
    i64.load align=4
    global.get 1
    i64.load offset=8 align=4
    i64.gt_u
    i32.eqz
    select
  )
  (func $asyncify_pop (;2;) (type 3) (param i64) (result i64)
    (local i64)
    global.get 1
    global.get 1
    i64.load align=4
    local.get 0
    i64.sub
    local.tee 1
    i64.store align=4
    local.get 1
  )
  (func $asyncify_move (;3;) (type 4) (param i64) (result i64)
    (local i64)
    global.get 0
    i32.eqz
    if ;; label = @1
      local.get 0
      call $asyncify_move
      drop
    end
    global.get 1
    global.get 1
    i64.load align=4
    local.tee 1
    local.get 0
    i64.add
    i64.store align=4
    local.get 1
    i64.const 0
    global.get 1
    i64.load align=4
    global.get 1
    i64.load offset=8 align=4
    i64.gt_u
    i32.eqz
    select
  )
  (func $asyncify_restore_f64 (;4;) (type 5) (result f64)
    i64.const -8
    call $asyncify_move
    i64.const 8
    i64.sub
    f64.load align=4
  )
  (func $asyncify_restore_f32 (;5;) (type 6) (result f32)
    i64.const -4
    call $asyncify_move
    i64.const 4
    i64.sub
    f32.load
  )
  (func $asyncify_restore_i64 (;6;) (type 7) (result i64)
    i64.const -8
    call $asyncify_move
    i64.const 8
    i64.sub
    i64.load align=4
  )
  (func $asyncify_restore_i32 (;7;) (type 8) (result i32)
    i64.const -4
    call $asyncify_move
    i64.const 4
    i64.sub
    i32.load
  )
  (func $asyncify_save_i32_8 (;8;) (type 9) (param i32 i32 i32 i32 i32 i32 i32 i32)
    (local i64)
    i64.const 32
    call $asyncify_move
    local.tee 8
    i64.eqz
    i32.eqz
    if ;; label = @1
      local.get 8
      local.get 0
      i32.store
      local.get 8
      local.get 1
      i32.store offset=4
      local.get 8
      local.get 2
      i32.store offset=8
      local.get 8
      local.get 3
      i32.store offset=12
      local.get 8
      local.get 4
      i32.store offset=16
      local.get 8
      local.get 5
      i32.store offset=20
      local.get 8
      local.get 6
      i32.store offset=24
      local.get 8
      local.get 7
      i32.store offset=28
    end
  )
  (func $asyncify_save_i32_2 (;9;) (type 10) (param i32 i32)
    (local i64)
    i64.const 8
    call $asyncify_move
    local.tee 2
    i64.eqz
    i32.eqz
    if ;; label = @1
      local.get 2
      local.get 0
      i32.store
      local.get 2
      local.get 1
      i32.store offset=4
    end
  )
  (func $asyncify_save_i64 (;10;) (type 11) (param i64)
    (local i64)
    i64.const 8
    call $asyncify_move
    local.tee 1
    i64.eqz
    i32.eqz
    if ;; label = @1
      local.get 1
      local.get 0
      i64.store align=4
    end
  )
  (func $asyncify_save_f32 (;11;) (type 12) (param f32)
    (local i64)
    i64.const 4
    call $asyncify_move
    local.tee 1
    i64.eqz
    i32.eqz
    if ;; label = @1
      local.get 1
      local.get 0
      f32.store
    end
  )
  (func $asyncify_save_f64 (;12;) (type 13) (param f64)
    (local i64)
    i64.const 8
    call $asyncify_move
    local.tee 1
    i64.eqz
    i32.eqz
    if ;; label = @1
      local.get 1
      local.get 0
      f64.store align=4
    end
  )
  (func $waits (;13;) (type 1) (result i64)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 f32 f64)
    block (result i32) ;; label = @1
      block ;; label = @2
        block ;; label = @3
          global.get 0
          if ;; label = @4
            call $asyncify_restore_f64
            local.set 11
            call $asyncify_restore_f32
            local.set 10
            call $asyncify_restore_i64
            local.set 9
            call $asyncify_restore_i32
            local.set 8
            call $asyncify_restore_i32
            local.set 7
            call $asyncify_restore_i32
            local.set 6
            call $asyncify_restore_i32
            local.set 5
            call $asyncify_restore_i32
            local.set 4
            call $asyncify_restore_i32
            local.set 3
            call $asyncify_restore_i32
            local.set 2
            call $asyncify_restore_i32
            local.set 1
            call $asyncify_restore_i32
            local.set 0
            call $asyncify_restore_i32
            br_table 1 (;@3;) 2 (;@2;)
          end
        end
        call $suspend
        i32.const 0
        global.get 0
        br_if 1 (;@1;)
        drop
        local.get 10
        f64.promote_f32
        local.get 11
        f64.add
        drop
      end
      call $suspend
      i32.const 1
      global.get 0
      br_if 0 (;@1;)
      drop
      local.get 9
      local.get 9
      i64.store
      local.get 0
      local.get 1
      i32.add
      local.get 2
      i32.add
      local.get 3
      i32.add
      local.get 4
      i32.add
      local.get 5
      i32.add
      local.get 6
      i32.add
      local.get 7
      i32.add
      local.get 8
      i32.add
      i64.extend_i32_u
      return
    end
    local.get 0
    local.get 1
    local.get 2
    local.get 3
    local.get 4
    local.get 5
    local.get 6
    call $asyncify_save_i32_8
    local.get 7
    local.get 8
    call $asyncify_save_i32_2
    local.get 9
    call $asyncify_save_i64
    local.get 10
    call $asyncify_save_f32
    local.get 11
    call $asyncify_save_f64
    i64.const 0
  )
  (func $suspend (;14;) (type 2)
    i64.const 8
    call $asyncify_start_unwind
  )
)
