;;! imports = env.suspend
;;! show = waits
;; What lies on the stack while something waits is put into locals.
(module
  (import "env" "suspend" (func $suspend (param i32) (result i32)))
  (memory 1)
  (func $waits (param $x i32) (result i32)
    (i32.sub
      (call $plain (i32.const 1))
      (if (result i32) (local.get $x)
        (then (i32.add (call $plain (i32.const 2)) (call $suspend (i32.const 3))))
        (else (i32.const 4)))))
  (func $plain (param i32) (result i32) (local.get 0))
)

(; becomes
  (func $waits (;8;) (type 0) (param $x i32) (result i32)
    (local i32 i32 i32 i32)
    block ;; label = @1
      block (result i32) ;; label = @2
        block ;; label = @3
          block (result i32) ;; label = @4
            global.get 0
            if ;; label = @5
              i32.const 12
              call $asyncify_pop
              local.set 4
              local.get 4
              i32.load
              local.set 1
              local.get 4
              i32.load offset=4
              local.set 2
              local.get 4
              i32.load offset=8
              local.set 3
              local.get 3
              call $suspend
              br 1 (;@4;)
            end
            i32.const 1
            call $plain
            local.get $x
            local.set 2
            local.set 1
            local.get 2
            i32.eqz
            br_if 1 (;@3;)
            i32.const 2
            call $plain
            i32.const 3
            local.set 3
            local.set 2
            local.get 3
            call $suspend
          end
          global.get 0
          br_if 2 (;@1;)
          local.set 3
          local.get 2
          local.get 3
          i32.add
          br 1 (;@2;)
        end
        i32.const 4
      end
      local.set 2
      local.get 1
      local.get 2
      i32.sub
      return
    end
    i32.const 12
    call $asyncify_push
    local.tee 4
    if ;; label = @1
      local.get 4
      local.get 1
      i32.store
      local.get 4
      local.get 2
      i32.store offset=4
      local.get 4
      local.get 3
      i32.store offset=8
    end
    i32.const 0
  )
;)
