;; `original.wat`, instrumented: what the tests change by hand.
(module
  (type $unary (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 f64) (result i32)))
  (type (;4;) (func (param i32) (result i32)))
  (import "env" "effect" (func $effect (;0;) (type 1) (param i32)))
  (table (;0;) 2 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (elem (;0;) (i32.const 1) func $deeper)
  (func $asyncify_start_unwind (;1;) (type 1) (param i32)
    i32.const 1
    global.set 0
    local.get 0
    global.set 1
    global.get 1
    i32.load
    global.get 1
    i32.load offset=4
    i32.gt_u
    if
      unreachable
    end
  )
  (func $asyncify_stop_rewind (;2;) (type 2)
    i32.const 0
    global.set 0
    global.get 1
    i32.load
    global.get 1
    i32.load offset=4
    i32.gt_u
    if
      unreachable
    end
  )
  (func $asyncify_push (;3;) (type 4) (param i32) (result i32)
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
  (func $asyncify_pop (;4;) (type 4) (param i32) (result i32)
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
  (func $suspend (;5;) (type $unary) (param i32) (result i32)
    call $asyncify_stop_rewind
    i32.const 16
    call $asyncify_start_unwind
    i32.const 0
  )
  (func $deeper (;6;) (type $unary) (param i32) (result i32)
    (local i32 i32)
    block
      block (result i32)
        global.get 0
        if
          i32.const 4
          call $asyncify_pop
          local.set 2
          local.get 2
          i32.load
          local.set 1
          local.get 1
          call $suspend
          br 1
        end
        local.get 0
        local.tee 1
        call $suspend
      end
      global.get 0
      if
        br 1
      end
      i32.const 3
      i32.mul
      return
    end
    i32.const 4
    call $asyncify_push
    local.tee 2
    if
      local.get 2
      local.get 1
      i32.store
    end
    i32.const 0
  )
  (func $waits (;7;) (type 3) (param i32 f64) (result i32)
    (local i32 i32 i32 i32 i32 i32)
    block (result i32)
      block
        block (result i32)
          global.get 0
          if
            i32.const 28
            call $asyncify_pop
            local.set 6
            local.get 6
            i32.load
            local.set 0
            local.get 6
            f64.load offset=4 align=4
            local.set 1
            local.get 6
            i32.load offset=16
            local.set 3
            local.get 6
            i32.load offset=20
            local.set 4
            block
              local.get 3
              i32.const 1
              i32.sub
              br_table 0 3 3
            end
            i32.const 0
            local.set 3
            i32.const 0
            call $deeper
            br 1
          end
          local.get 0
          i32.load
          local.get 0
          local.set 7
          local.set 4
          local.get 7
          call $deeper
        end
        global.get 0
        if
          i32.const 0
          local.set 2
          i32.const 0
          local.set 5
          i32.const 1
          br 2
        end
        local.set 7
        local.get 4
        local.get 7
        i32.add
        local.set 2
      end
      loop
        block
          block (result i32)
            block
              block (result i32)
                local.get 3
                if
                  local.get 6
                  i32.load
                  local.set 0
                  local.get 6
                  i32.load offset=12
                  local.set 2
                  local.get 6
                  i32.load offset=20
                  local.set 4
                  local.get 6
                  i32.load offset=24
                  local.set 5
                  block
                    block
                      local.get 3
                      i32.const 2
                      i32.sub
                      br_table 0 1
                    end
                    i32.const 0
                    local.set 3
                    i32.const 0
                    local.get 5
                    call_indirect (type $unary)
                    br 2
                  end
                  i32.const 0
                  local.set 3
                  local.get 4
                  call $suspend
                  br 3
                end
                local.get 2
                i32.const 100
                i32.lt_s
                i32.eqz
                br_if 1
                local.get 2
                local.get 0
                local.get 2
                local.set 5
                local.set 7
                local.set 4
                local.get 7
                local.get 5
                call_indirect (type $unary)
              end
              global.get 0
              if
                i32.const 0
                local.set 2
                i32.const 2
                br 5
              end
              local.set 7
              local.get 4
              local.get 7
              i32.add
              local.set 2
              local.get 0
              call $effect
              br 2
            end
            local.get 0
            local.get 1
            f64.store
            local.get 2
            local.tee 4
            call $suspend
          end
          global.get 0
          if
            i32.const 0
            local.set 0
            i32.const 0
            local.set 5
            i32.const 3
            br 3
          end
          local.set 0
        end
        local.get 0
        br_if 0
      end
      local.get 2
      call $effect
      local.get 2
      return
    end
    local.set 3
    i32.const 28
    call $asyncify_push
    local.tee 6
    if
      local.get 6
      local.get 0
      i32.store
      local.get 6
      local.get 1
      f64.store offset=4 align=4
      local.get 6
      local.get 2
      i32.store offset=12
      local.get 6
      local.get 3
      i32.store offset=16
      local.get 6
      local.get 4
      i32.store offset=20
      local.get 6
      local.get 5
      i32.store offset=24
    end
    i32.const 0
  )
)
