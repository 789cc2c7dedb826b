(module
  (type $leaf (;0;) (struct (field i64)))
  (type $node (;1;) (struct (field (mut i32)) (field (ref null $node)) (field (ref $leaf))))
  (type (;2;) (func (param i32)))
  (type (;3;) (func))
  (type (;4;) (func (param (ref $leaf) (ref null $node)) (result (ref $node))))
  (type (;5;) (func (param i32) (result i32)))
  (type (;6;) (func (param i32) (result anyref)))
  (type (;7;) (func (param anyref) (result i32)))
  (table (;0;) 16 anyref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (global (;2;) (ref $leaf) i64.const 0 struct.new $leaf)
  (global (;3;) (ref $node) i32.const 0 ref.null $node global.get 2 struct.new $node)
  (global (;4;) (mut i32) i32.const 0)
  (global (;5;) (mut i32) i32.const 1)
  (func $asyncify_start_unwind (;0;) (type 2) (param i32)
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
  (func $asyncify_push (;1;) (type 5) (param i32) (result i32)
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
  (func $asyncify_pop (;2;) (type 5) (param i32) (result i32)
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
  (func $asyncify_take_any (;3;) (type 6) (param i32) (result anyref)
    local.get 0
    if ;; label = @1
      local.get 0
      table.get 0
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
    table.get 0
    local.get 0
    ref.null any
    table.set 0
  )
  (func $asyncify_keep_any (;4;) (type 7) (param anyref) (result i32)
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
    table.size 0
    global.get 4
    i32.const 1
    i32.shl
    i32.lt_u
    if ;; label = @1
      table.size 0
      global.set 5
      ref.null any
      table.size 0
      table.grow 0
      i32.const -1
      i32.eq
      if ;; label = @2
        unreachable
      end
    end
    loop ;; label = @1
      global.get 5
      table.size 0
      i32.ge_u
      if ;; label = @2
        i32.const 1
        global.set 5
      end
      global.get 5
      table.get 0
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
    table.set 0
    global.get 5
    global.get 5
    i32.const 1
    i32.add
    global.set 5
  )
  (func $suspend (;5;) (type 3)
    i32.const 8
    call $asyncify_start_unwind
  )
  (func $waits (;6;) (type 4) (param $x (ref $leaf)) (param $y (ref null $node)) (result (ref $node))
    (local $z (ref null $leaf)) (local i32)
    block ;; label = @1
      block ;; label = @2
        global.get 0
        if ;; label = @3
          i32.const 12
          call $asyncify_pop
          local.set 3
          local.get 3
          i32.load
          call $asyncify_take_any
          ref.cast (ref $leaf)
          local.set $x
          local.get 3
          i32.load offset=4
          call $asyncify_take_any
          ref.cast (ref null $node)
          local.set $y
          local.get 3
          i32.load offset=8
          call $asyncify_take_any
          ref.cast (ref null $leaf)
          local.set $z
          call $suspend
          br 1 (;@2;)
        end
        local.get $x
        local.set $z
        call $suspend
      end
      global.get 0
      br_if 0 (;@1;)
      local.get $z
      ref.as_non_null
      struct.get $leaf 0
      drop
      i32.const 7
      local.get $y
      local.get $x
      struct.new $node
      return
    end
    i32.const 12
    call $asyncify_push
    local.tee 3
    if ;; label = @1
      local.get 3
      local.get $x
      call $asyncify_keep_any
      i32.store
      local.get 3
      local.get $y
      call $asyncify_keep_any
      i32.store offset=4
      local.get 3
      local.get $z
      call $asyncify_keep_any
      i32.store offset=8
    end
    global.get 3
  )
)
