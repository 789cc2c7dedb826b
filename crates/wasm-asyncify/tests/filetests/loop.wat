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
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block ;; label = @4
            block ;; label = @5
              block ;; label = @6
                global.get 0
                if ;; label = @7
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
                  local.get 2
                  i32.const 2
                  i32.ge_u
                  br_if 1 (;@6;)
                  i32.const 0
                  local.set 2
                  call $waits_too
                  br 3 (;@4;)
                end
              end
              loop ;; label = @6
                block (result i32) ;; label = @7
                  block ;; label = @8
                    block ;; label = @9
                      block ;; label = @10
                        local.get 2
                        if ;; label = @11
                          local.get 4
                          i32.load offset=12
                          local.set 3
                          local.get 2
                          i32.const 3
                          i32.ge_u
                          if ;; label = @12
                            i32.const 0
                            local.set 2
                            i32.const 0
                            local.get 3
                            call_indirect (type $t)
                            br 5 (;@7;)
                          end
                          i32.const 0
                          local.set 2
                          call $waits_too
                          br 1 (;@10;)
                        end
                        local.get $x
                        i32.eqz
                        br_if 1 (;@9;)
                        call $waits_too
                      end
                      i32.const 2
                      global.get 0
                      br_if 7 (;@2;)
                      drop
                      br 1 (;@8;)
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
                br_if 5 (;@1;)
                drop
                br_if 1 (;@5;)
                br 0 (;@6;)
              end
            end
            call $waits_too
          end
          i32.const 1
          global.get 0
          br_if 0 (;@3;)
          drop
          return
        end
        i32.const 0
        local.tee $x
        local.set $count
      end
      i32.const 0
      local.set 3
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
