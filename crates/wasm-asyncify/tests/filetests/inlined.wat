;;! imports = env.sleep
;;! flat = yes
;;! inline = yes
;;! show = outer, inner
;; $inner is called in one place, and put there. In the loop its local begins with 0 each time.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (func $outer (export "outer") (param $n i32)
    (loop $again
      (br_if $again (call $inner (local.get $n)))))
  (func $inner (param $n i32) (result i32) (local $count i32)
    (if (i32.eqz (local.get $n)) (then (return (local.get $count))))
    (local.set $count (local.get $n))
    (call $sleep)
    (local.get $count)))

(; becomes
  (func $outer (;12;) (type 1) (param $n i32)
    (local i32 i32 i32)
    block ;; label = @1
      block ;; label = @2
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
              local.tee 3
              i32.const 12
              i32.add
              global.get 1
              i32.load
              i32.eq
              i32.eqz
              br_if 0 (;@5;)
              local.get 3
              i32.load
              i32.const 0
              i32.ne
              br_if 0 (;@5;)
              global.get 1
              local.get 3
              i32.store
              local.get 3
              i32.const 4
              i32.add
              local.set 3
              i32.const 3
              global.set 0
              br 1 (;@4;)
            end
            call $asyncify_resume
            return
          else
            global.get 2
            local.set 3
          end
          local.get 3
          i32.load
          local.set $n
          br 1 (;@2;)
        end
      end
      loop ;; label = @2
        block (result i32) ;; label = @3
          block ;; label = @4
            global.get 0
            if ;; label = @5
              local.get 3
              i32.load offset=4
              local.set 2
              i32.const 2
              global.set 0
              call $sleep
              br 1 (;@4;)
            end
            local.get $n
            local.set 1
            i32.const 0
            local.set 2
            local.get 1
            i32.eqz
            if ;; label = @5
              local.get 2
              br 2 (;@3;)
            end
            local.get 1
            local.set 2
            call $sleep
          end
          global.get 0
          br_if 2 (;@1;)
          local.get 2
        end
        br_if 0 (;@2;)
      end
      return
    end
    block ;; label = @1
      global.get 1
      i32.load
      local.tee 3
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
      local.get 3
      i32.const 12
      i32.add
      i32.store
      local.get 3
      i32.const 0
      i32.store
      local.get 3
      local.get $n
      i32.store offset=4
      local.get 3
      local.get 2
      i32.store offset=8
    end
  )
  (func $inner (;13;) (type 2) (param $n i32) (result i32)
    unreachable
  )
;)
