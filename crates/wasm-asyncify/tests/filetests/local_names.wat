;;! imports = env.ask
;;! show = waits, loops
;; Locals keep their names, and those that are added get none. All passes add some here.
(module
  (import "asyncify" "stop_rewind" (func $stop))
  (import "env" "ask" (func $ask (param $question i32) (result i32)))
  (memory 1)
  (tag $exception (param i32))
  (func $waits (export "waits") (param $base i32) (result i32) (local $sum i32) (local $last i64)
    (local.set $sum (i32.add (local.get $base) (call $ask (i32.const 7))))
    (local.set $last (i64.extend_i32_u (call $ask (local.get $sum))))
    (i32.add (local.get $sum) (i32.wrap_i64 (local.get $last))))
  (func $loops (param $count i32) (result i32) (local $answer i32)
    try (result i32) (call $ask (i32.const 1)) catch $exception (call $ask) end
    local.set $answer
    (local.get $count)
    loop $again (param i32)
      (local.tee $count (i32.sub (i32.const 1)))
      drop
      (br_if $again (local.get $count) (call $ask (local.get $count)))
      drop
    end
    local.get $answer)
)

(; becomes
  (func $waits (;8;) (type 1) (param $base i32) (result i32)
    (local $sum i32) (local $last i64) (local i32 i32 i32 i32)
    block (result i32) ;; label = @1
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block (result i32) ;; label = @4
            block (result i32) ;; label = @5
              global.get 0
              if ;; label = @6
                i32.const 16
                call $asyncify_pop
                local.set 6
                local.get 6
                i32.load
                local.set $sum
                local.get 6
                i32.load offset=4
                local.set 3
                local.get 6
                i32.load offset=8
                local.set 4
                local.get 6
                i32.load offset=12
                local.set 5
                local.get 3
                i32.const 1
                i32.ge_u
                if ;; label = @7
                  local.get $sum
                  call $ask
                  br 3 (;@4;)
                end
                local.get 5
                call $ask
                br 1 (;@5;)
              end
              local.get $base
              i32.const 7
              local.set 5
              local.set 4
              local.get 5
              call $ask
            end
            i32.const 0
            global.get 0
            br_if 1 (;@3;)
            drop
            local.set 5
            local.get 4
            local.get 5
            i32.add
            local.set $sum
            local.get $sum
            call $ask
          end
          i32.const 1
          global.get 0
          br_if 1 (;@2;)
          drop
          i64.extend_i32_u
          local.set $last
          local.get $sum
          local.get $last
          i32.wrap_i64
          i32.add
          return
        end
        i32.const 0
        local.set $sum
        br 1 (;@1;)
      end
      i32.const 0
      local.tee 4
      local.set 5
    end
    local.set 3
    i32.const 16
    call $asyncify_push
    local.tee 6
    if ;; label = @1
      local.get 6
      local.get $sum
      i32.store
      local.get 6
      local.get 4
      i32.store offset=8
      local.get 6
      local.get 5
      i32.store offset=12
      local.get 6
      local.get 3
      i32.store offset=4
    end
    i32.const 0
  )
  (func $loops (;9;) (type 1) (param $count i32) (result i32)
    (local $answer i32) (local i32 i32 i32 i32 i32 i32)
    block (result i32) ;; label = @1
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block ;; label = @4
            block (result i32) ;; label = @5
              block (result i32) ;; label = @6
                block (result i32) ;; label = @7
                  block ;; label = @8
                    global.get 0
                    if ;; label = @9
                      i32.const 20
                      call $asyncify_pop
                      local.set 7
                      local.get 7
                      i32.load
                      local.set $count
                      local.get 7
                      i32.load offset=4
                      local.set $answer
                      local.get 7
                      i32.load offset=8
                      local.set 4
                      local.get 7
                      i32.load offset=12
                      local.set 5
                      block ;; label = @10
                        local.get 4
                        i32.const 1
                        i32.sub
                        br_table 0 (;@10;) 2 (;@8;) 6 (;@4;)
                      end
                      i32.const 0
                      local.set 4
                      local.get 5
                      call $ask
                      br 3 (;@6;)
                    end
                  end
                  try ;; label = @8
                    block (result i32) ;; label = @9
                      local.get 4
                      if ;; label = @10
                        local.get 7
                        i32.load offset=12
                        local.set 5
                        i32.const 0
                        local.set 4
                        local.get 5
                        call $ask
                        br 1 (;@9;)
                      end
                      i32.const 1
                      local.tee 5
                      call $ask
                    end
                    i32.const 2
                    global.get 0
                    br_if 6 (;@2;)
                    drop
                    br 3 (;@5;)
                  catch $exception
                    br 1 (;@7;)
                  end
                  unreachable
                end
                local.tee 5
                call $ask
              end
              i32.const 1
              global.get 0
              br_if 3 (;@2;)
              drop
            end
            local.set $answer
            local.get $count
            local.set 2
          end
          loop ;; label = @4
            block (result i32) ;; label = @5
              local.get 4
              if ;; label = @6
                local.get 7
                i32.load offset=12
                local.set 5
                local.get 7
                i32.load offset=16
                local.set 6
                i32.const 0
                local.set 4
                local.get 6
                call $ask
                br 1 (;@5;)
              end
              local.get 2
              i32.const 1
              i32.sub
              local.tee $count
              drop
              local.get $count
              local.get $count
              local.set 6
              local.set 5
              local.get 6
              call $ask
            end
            i32.const 3
            global.get 0
            br_if 1 (;@3;)
            drop
            local.set 6
            local.get 5
            local.get 6
            local.set 3
            local.set 2
            local.get 2
            local.get 3
            br_if 0 (;@4;)
            drop
          end
          local.get $answer
          return
        end
        i32.const 0
        local.set $count
        br 1 (;@1;)
      end
      i32.const 0
      local.tee $answer
      local.set 6
    end
    local.set 4
    i32.const 20
    call $asyncify_push
    local.tee 7
    if ;; label = @1
      local.get 7
      local.get $answer
      i32.store offset=4
      local.get 7
      local.get 6
      i32.store offset=16
      local.get 7
      local.get $count
      i32.store
      local.get 7
      local.get 4
      i32.store offset=8
      local.get 7
      local.get 5
      i32.store offset=12
    end
    i32.const 0
  )
;)
