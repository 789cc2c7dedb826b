;;! imports = env.suspend
;;! compact = none
;;! show = waits
;; A loop is entered by its beginning, and has a dispatch of its own.
(module
  (import "env" "suspend" (func $suspend (param i32) (result i32)))
  (memory 1)
  (type $t (func (param i32) (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $plain $waits_indirectly)
  (func $waits (param $x i32) (local $count i32)
    (block $end
      (loop $again
        (if (local.get $x)
          (then (call $waits_too))
          (else (local.set $count (call $plain (local.get $count)))))
        (br_if $end (call_indirect (type $t) (local.get $count) (local.get $x)))
        (br $again)))
    (call $waits_too))
  (func $waits_indirectly (param i32) (result i32) (call $suspend (local.get 0)))
  (func $waits_too (drop (call $suspend (i32.const 0))))
  (func $plain (param i32) (result i32) (local.get 0))
)

(; becomes
  (func $waits (;8;) (type 1) (param $x i32)
    (local $count i32) (local i32 i32 i32)
    block (result i32) ;; label = @1
      block ;; label = @2
        block ;; label = @3
          block ;; label = @4
            global.get 0
            if ;; label = @5
              i32.const 16
              call $asyncify_pop
              local.set 4
              local.get 4
              i32.load
              local.set $x
              local.get 4
              i32.load offset=4
              local.set $count
              local.get 4
              i32.load offset=8
              local.set 2
              block ;; label = @6
                local.get 2
                i32.const 1
                i32.sub
                br_table 0 (;@6;) 2 (;@4;)
              end
              i32.const 0
              local.set 2
              call $waits_too
              br 3 (;@2;)
            end
          end
          loop ;; label = @4
            block (result i32) ;; label = @5
              block ;; label = @6
                block ;; label = @7
                  block ;; label = @8
                    local.get 2
                    if ;; label = @9
                      local.get 4
                      i32.load offset=12
                      local.set 3
                      block ;; label = @10
                        block ;; label = @11
                          local.get 2
                          i32.const 2
                          i32.sub
                          br_table 0 (;@11;) 1 (;@10;)
                        end
                        i32.const 0
                        local.set 2
                        call $waits_too
                        br 2 (;@8;)
                      end
                      i32.const 0
                      local.set 2
                      i32.const 0
                      local.get 3
                      call_indirect (type $t)
                      br 4 (;@5;)
                    end
                    local.get $x
                    i32.eqz
                    br_if 1 (;@7;)
                    call $waits_too
                  end
                  global.get 0
                  if ;; label = @8
                    i32.const 0
                    local.set 3
                    i32.const 2
                    br 7 (;@1;)
                  end
                  br 1 (;@6;)
                end
                local.get $count
                call $plain
                local.set $count
              end
              local.get $count
              local.get $x
              local.tee 3
              call_indirect (type $t)
            end
            i32.const 3
            global.get 0
            br_if 3 (;@1;)
            drop
            br_if 1 (;@3;)
            br 0 (;@4;)
          end
        end
        call $waits_too
      end
      global.get 0
      if ;; label = @2
        i32.const 0
        local.tee 3
        local.tee $x
        local.set $count
        i32.const 1
        br 1 (;@1;)
      end
      return
    end
    local.set 2
    i32.const 16
    call $asyncify_push
    local.tee 4
    if ;; label = @1
      local.get 4
      local.get 3
      i32.store offset=12
      local.get 4
      local.get $x
      i32.store
      local.get 4
      local.get $count
      i32.store offset=4
      local.get 4
      local.get 2
      i32.store offset=8
    end
  )
;)
