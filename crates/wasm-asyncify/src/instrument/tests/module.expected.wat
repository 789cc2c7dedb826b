(module $demo
  (type (;0;) (func))
  (type (;1;) (func (param i64)))
  (type (;2;) (func (result funcref funcref)))
  (type (;3;) (func (param i64) (result i64)))
  (import "env" "a" (func $a (;0;) (type 0)))
  (import "env" "memory" (memory (;0;) i64 1))
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i64) i64.const 0)
  (export "waits" (func $waits))
  (elem (;0;) declare func $suspend $asyncify_stop_rewind)
  (func $asyncify_start_unwind (;1;) (type 1) (param i64)
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
  (func $asyncify_stop_rewind (;2;) (type 0)
    i32.const 0
    global.set 0
    global.get 1
    i64.load align=4
    global.get 1
    i64.load offset=8 align=4
    i64.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func $asyncify_push (;3;) (type 3) (param i64) (result i64)
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
  (func $asyncify_pop (;4;) (type 3) (param i64) (result i64)
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
  (func $waits (;5;) (type 0)
    (local i64)
    block ;; label = @1
      block ;; label = @2
        global.get 0
        if ;; label = @3
          call $suspend
          br 1 (;@2;)
        end
        call $a
        call $suspend
      end
      global.get 0
      br_if 0 (;@1;)
      return
    end
  )
  (func $suspend (;6;) (type 0)
    i64.const 8
    call $asyncify_start_unwind
    call $asyncify_stop_rewind
  )
  (func $takes (;7;) (type 2) (result funcref funcref)
    ref.func $suspend
    ref.func $asyncify_stop_rewind
  )
)
