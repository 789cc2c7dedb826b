;;! imports = env.sleep
;;! flat = yes
;;! driven-by-host = yes
;;! show = last, on, through_table
;; A tail call that waits is made again as a call, and its result is the function's own. What is called
;; directly and is an import is always innermost.
(module
  (import "env" "sleep" (func $sleep (param i32) (result i32)))
  (type $one (func (param i32) (result i32)))
  (memory 1)
  (table funcref (elem $last $on))
  (func $last (type $one)
    (return_call $sleep (i32.add (local.get 0) (i32.const 1))))
  (func $on (type $one)
    (return_call $last (call $sleep (local.get 0))))
  (func $through_table (export "through_table") (type $one)
    (return_call_indirect (type $one) (local.get 0) (i32.const 1))))

(; becomes
  (func $last (;12;) (type $one) (param i32) (result i32)
    (local i32 i32)
    block ;; label = @1
      block (result i32) ;; label = @2
        global.get 0
        if ;; label = @3
          global.get 0
          i32.const 2
          i32.eq
          if ;; label = @4
            block ;; label = @5
              global.get 1
              i32.load offset=4
              i32.const 4
              i32.sub
              i32.load
              local.tee 2
              i32.const 8
              i32.add
              global.get 1
              i32.load
              i32.eq
              i32.eqz
              br_if 0 (;@5;)
              local.get 2
              i32.load
              i32.const 0
              i32.ne
              br_if 0 (;@5;)
              global.get 1
              local.get 2
              i32.store
              local.get 2
              i32.const 4
              i32.add
              local.set 2
              i32.const 3
              global.set 0
              br 1 (;@4;)
            end
            call $asyncify_resume_i32
            return
          else
            global.get 2
            local.set 2
          end
          local.get 2
          i32.load
          local.set 1
          i32.const 2
          global.set 0
          local.get 1
          call $sleep
          br 1 (;@2;)
        end
        local.get 0
        i32.const 1
        i32.add
        local.tee 1
        call $sleep
      end
      global.get 0
      br_if 0 (;@1;)
      return
      return
    end
    block ;; label = @1
      global.get 1
      i32.load
      local.tee 2
      i32.const 8
      i32.add
      global.get 1
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
      global.get 1
      local.get 2
      i32.const 8
      i32.add
      i32.store
      local.get 2
      i32.const 0
      i32.store
      local.get 2
      local.get 1
      i32.store offset=4
    end
    i32.const 0
  )
  (func $on (;13;) (type $one) (param i32) (result i32)
    (local i32 i32)
    block (result i32) ;; label = @1
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block (result i32) ;; label = @4
            global.get 0
            if ;; label = @5
              global.get 0
              i32.const 2
              i32.eq
              if ;; label = @6
                block ;; label = @7
                  global.get 1
                  i32.load offset=4
                  i32.const 4
                  i32.sub
                  i32.load
                  local.tee 2
                  i32.const 12
                  i32.add
                  global.get 1
                  i32.load
                  i32.eq
                  i32.eqz
                  br_if 0 (;@7;)
                  local.get 2
                  i32.load
                  i32.const 1
                  i32.ne
                  br_if 0 (;@7;)
                  global.get 1
                  local.get 2
                  i32.store
                  local.get 2
                  i32.const 4
                  i32.add
                  local.set 2
                  i32.const 3
                  global.set 0
                  br 1 (;@6;)
                end
                call $asyncify_resume_i32
                return
              else
                global.get 2
                local.set 2
              end
              local.get 2
              i32.load
              local.set 0
              local.get 2
              i32.load offset=4
              local.set 1
              local.get 1
              i32.const 1
              i32.ge_u
              if ;; label = @6
                global.get 3
                i32.const 0
                global.set 0
                br 3 (;@3;)
              end
              i32.const 2
              global.set 0
              local.get 0
              call $sleep
              br 1 (;@4;)
            end
            local.get 0
            call $sleep
          end
          i32.const 0
          global.get 0
          br_if 2 (;@1;)
          drop
          call $last
          i32.const 1
          global.get 0
          br_if 1 (;@2;)
          drop
        end
        return
        return
      end
      i32.const 0
      local.set 0
    end
    local.set 1
    block ;; label = @1
      global.get 1
      i32.load
      local.tee 2
      i32.const 12
      i32.add
      global.get 1
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
      global.get 1
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
  (func $through_table (;14;) (type $one) (param i32) (result i32)
    global.get 0
    i32.const 2
    i32.eq
    if ;; label = @1
      call $asyncify_resume_i32
      return
    end
    local.get 0
    i32.const 1
    return_call_indirect (type $one)
  )
;)
