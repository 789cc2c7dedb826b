;;! imports = env.suspend
;;! compact = none
;;! show = waits
;; Five locals are dead after the second call. So the last two leave by an entry of their own, behind the code
;; that saves these. Two more are dead after the last one, and are set to 0 there.
(module
  (import "env" "suspend" (func $suspend (param i32) (result i32)))
  (memory 1)
  (func $waits (param $x i32) (result i32)
    (local $a i64) (local $b i64) (local $c f64) (local $d i32) (local $e i32) (local $f i32) (local $g f32)
    (local.set $a (i64.load (local.get $x)))
    (local.set $b (i64.load offset=8 (local.get $x)))
    (local.set $c (f64.load offset=16 (local.get $x)))
    (local.set $d (i32.load offset=24 (local.get $x)))
    (local.set $e (i32.load offset=28 (local.get $x)))
    (local.set $f (i32.load offset=32 (local.get $x)))
    (local.set $g (f32.load offset=36 (local.get $x)))
    (drop (call $suspend (i32.const 1)))
    (i64.store (local.get $x) (local.get $a))
    (i64.store (local.get $x) (local.get $b))
    (f64.store (local.get $x) (local.get $c))
    (i32.store (local.get $x) (local.get $d))
    (i32.store (local.get $x) (local.get $e))
    (drop (call $suspend (i32.const 2)))
    (i32.store (local.get $x) (local.get $f))
    (f32.store (local.get $x) (local.get $g))
    (drop (call $suspend (i32.const 3)))
    (local.get $x))
)

(; becomes
  (func $waits (;8;) (type 0) (param $x i32) (result i32)
    (local $a i64) (local $b i64) (local $c f64) (local $d i32) (local $e i32) (local $f i32) (local $g f32) (local i32 i32 i32)
    block ;; label = @1
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block (result i32) ;; label = @4
            block (result i32) ;; label = @5
              block (result i32) ;; label = @6
                block (result i32) ;; label = @7
                  block (result i32) ;; label = @8
                    global.get 0
                    if ;; label = @9
                      i32.const 52
                      call $asyncify_pop
                      local.set 10
                      local.get 10
                      i32.load
                      local.set $x
                      local.get 10
                      i64.load offset=4 align=4
                      local.set $a
                      local.get 10
                      i64.load offset=12 align=4
                      local.set $b
                      local.get 10
                      f64.load offset=20 align=4
                      local.set $c
                      local.get 10
                      i32.load offset=28
                      local.set $d
                      local.get 10
                      i32.load offset=32
                      local.set $e
                      local.get 10
                      i32.load offset=36
                      local.set $f
                      local.get 10
                      f32.load offset=40
                      local.set $g
                      local.get 10
                      i32.load offset=44
                      local.set 8
                      local.get 10
                      i32.load offset=48
                      local.set 9
                      block ;; label = @10
                        block ;; label = @11
                          block ;; label = @12
                            local.get 8
                            br_table 0 (;@12;) 1 (;@11;) 2 (;@10;)
                          end
                          local.get 9
                          call $suspend
                          br 3 (;@8;)
                        end
                        local.get 9
                        call $suspend
                        br 3 (;@7;)
                      end
                      local.get 9
                      call $suspend
                      br 3 (;@6;)
                    end
                    local.get $x
                    i64.load
                    local.set $a
                    local.get $x
                    i64.load offset=8
                    local.set $b
                    local.get $x
                    f64.load offset=16
                    local.set $c
                    local.get $x
                    i32.load offset=24
                    local.set $d
                    local.get $x
                    i32.load offset=28
                    local.set $e
                    local.get $x
                    i32.load offset=32
                    local.set $f
                    local.get $x
                    f32.load offset=36
                    local.set $g
                    i32.const 1
                    local.tee 9
                    call $suspend
                  end
                  i32.const 0
                  global.get 0
                  br_if 3 (;@4;)
                  drop
                  drop
                  local.get $x
                  local.get $a
                  i64.store
                  local.get $x
                  local.get $b
                  i64.store
                  local.get $x
                  local.get $c
                  f64.store
                  local.get $x
                  local.get $d
                  i32.store
                  local.get $x
                  local.get $e
                  i32.store
                  i32.const 2
                  local.tee 9
                  call $suspend
                end
                i32.const 1
                global.get 0
                br_if 3 (;@3;)
                drop
                drop
                local.get $x
                local.get $f
                i32.store
                local.get $x
                local.get $g
                f32.store
                i32.const 3
                local.tee 9
                call $suspend
              end
              i32.const 2
              global.get 0
              br_if 0 (;@5;)
              drop
              drop
              local.get $x
              return
            end
            i32.const 0
            local.set $f
            f32.const 0x0p+0 (;=0;)
            local.set $g
            br 1 (;@3;)
          end
          i32.const 52
          call $asyncify_push
          local.tee 10
          i32.eqz
          br_if 2 (;@1;)
          local.get 10
          local.get $a
          i64.store offset=4 align=4
          local.get 10
          local.get $b
          i64.store offset=12 align=4
          local.get 10
          local.get $c
          f64.store offset=20 align=4
          local.get 10
          local.get $d
          i32.store offset=28
          local.get 10
          local.get $e
          i32.store offset=32
          br 1 (;@2;)
        end
        i32.const 52
        call $asyncify_push
        local.tee 10
        i32.eqz
        br_if 1 (;@1;)
      end
      local.set 8
      local.get 10
      local.get $f
      i32.store offset=36
      local.get 10
      local.get $g
      f32.store offset=40
      local.get 10
      local.get $x
      i32.store
      local.get 10
      local.get 8
      i32.store offset=44
      local.get 10
      local.get 9
      i32.store offset=48
    end
    i32.const 0
  )
;)
