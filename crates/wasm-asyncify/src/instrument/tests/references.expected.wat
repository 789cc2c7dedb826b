(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (type (;2;) (func (param externref) (result externref i32)))
  (type (;3;) (func (param i32) (result i32)))
  (type (;4;) (func (param i32) (result externref)))
  (type (;5;) (func (param i32) (result funcref)))
  (type (;6;) (func (param externref) (result i32)))
  (type (;7;) (func (param funcref) (result i32)))
  (table (;0;) 16 externref)
  (table (;1;) 16 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (global (;2;) (mut i32) i32.const 0)
  (global (;3;) (mut i32) i32.const 1)
  (global (;4;) (mut i32) i32.const 0)
  (global (;5;) (mut i32) i32.const 1)
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
  )
  (func $asyncify_push (;1;) (type 3) (param i32) (result i32)
    (local i32)
    global.get 1
    global.get 1
    i32.load
    local.tee 1
    local.get 0
    i32.add
    i32.store
    local.get 1
    i32.const 0
    global.get 1
    i32.load
    global.get 1
    i32.load offset=4
    i32.gt_u
    i32.eqz
    select
  )
  (func $asyncify_pop (;2;) (type 3) (param i32) (result i32)
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
  (func $asyncify_take_extern (;3;) (type 4) (param i32) (result externref)
    local.get 0
    if ;; label = @1
      local.get 0
      table.get 0
      ref.is_null
      if ;; label = @2
        unreachable
      end
      global.get 2
      i32.const 1
      i32.sub
      global.set 2
    end
    local.get 0
    table.get 0
    local.get 0
    ref.null extern
    table.set 0
  )
  (func $asyncify_take_func (;4;) (type 5) (param i32) (result funcref)
    local.get 0
    if ;; label = @1
      local.get 0
      table.get 1
      ref.is_null
      if ;; label = @2
        unreachable
      end
      global.get 4
      i32.const 1
      i32.sub
      global.set 4
    end
    local.get 0
    table.get 1
    local.get 0
    ref.null func
    table.set 1
  )
  (func $asyncify_keep_extern (;5;) (type 6) (param externref) (result i32)
    local.get 0
    ref.is_null
    if ;; label = @1
      i32.const 0
      return
    end
    global.get 2
    i32.const 1
    i32.add
    global.set 2
    table.size 0
    global.get 2
    i32.const 1
    i32.shl
    i32.lt_u
    if ;; label = @1
      table.size 0
      global.set 3
      ref.null extern
      table.size 0
      table.grow 0
      i32.const -1
      i32.eq
      if ;; label = @2
        unreachable
      end
    end
    loop ;; label = @1
      global.get 3
      table.size 0
      i32.ge_u
      if ;; label = @2
        i32.const 1
        global.set 3
      end
      global.get 3
      table.get 0
      ref.is_null
      i32.eqz
      if ;; label = @2
        global.get 3
        i32.const 1
        i32.add
        global.set 3
        br 1 (;@1;)
      end
    end
    global.get 3
    local.get 0
    table.set 0
    global.get 3
    global.get 3
    i32.const 1
    i32.add
    global.set 3
  )
  (func $asyncify_keep_func (;6;) (type 7) (param funcref) (result i32)
    local.get 0
    ref.is_null
    if ;; label = @1
      i32.const 0
      return
    end
    global.get 4
    i32.const 1
    i32.add
    global.set 4
    table.size 1
    global.get 4
    i32.const 1
    i32.shl
    i32.lt_u
    if ;; label = @1
      table.size 1
      global.set 5
      ref.null func
      table.size 1
      table.grow 1
      i32.const -1
      i32.eq
      if ;; label = @2
        unreachable
      end
    end
    loop ;; label = @1
      global.get 5
      table.size 1
      i32.ge_u
      if ;; label = @2
        i32.const 1
        global.set 5
      end
      global.get 5
      table.get 1
      ref.is_null
      i32.eqz
      if ;; label = @2
        global.get 5
        i32.const 1
        i32.add
        global.set 5
        br 1 (;@1;)
      end
    end
    global.get 5
    local.get 0
    table.set 1
    global.get 5
    global.get 5
    i32.const 1
    i32.add
    global.set 5
  )
  (func $suspend (;7;) (type 1)
    i32.const 8
    call $asyncify_start_unwind
  )
  (func $waits (;8;) (type 2) (param $x externref) (result externref i32)
    (local $y funcref) (local i32)
    block ;; label = @1
      block ;; label = @2
        global.get 0
        if ;; label = @3
          i32.const 8
          call $asyncify_pop
          local.set 2
          local.get 2
          i32.load
          call $asyncify_take_extern
          local.set $x
          local.get 2
          i32.load offset=4
          call $asyncify_take_func
          local.set $y
          call $suspend
          br 1 (;@2;)
        end
        call $suspend
      end
      global.get 0
      br_if 0 (;@1;)
      local.get $x
      local.get $y
      ref.is_null
      return
    end
    i32.const 8
    call $asyncify_push
    local.tee 2
    if ;; label = @1
      local.get 2
      local.get $x
      call $asyncify_keep_extern
      i32.store
      local.get 2
      local.get $y
      call $asyncify_keep_func
      i32.store offset=4
    end
    ref.null extern
    i32.const 0
  )
)
