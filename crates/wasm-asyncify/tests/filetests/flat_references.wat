;;! imports = env.sleep
;;! flat = yes
;;! driven-by-host = yes
;;! show = outer, inner, both, asyncify_resume_any
;; Results that are references are put aside in one global for each kind of them, and cast when they are
;; fetched. Then it is null again, so that nothing lives on in it.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (type $pair (struct (field i32) (field externref)))
  (func $inner (param externref) (result (ref $pair))
    (call $sleep)
    (struct.new $pair (i32.const 7) (local.get 0)))
  (func $both (param externref) (result externref (ref null $pair) i32)
    (local.get 0) (call $inner (local.get 0)) (i32.const 3))
  (func $outer (export "outer") (param externref) (result (ref null $pair))
    (local (ref null $pair))
    (call $both (local.get 0))
    (drop) (local.set 1) (drop)
    (call $inner (local.get 0))
    (drop)
    (local.get 1)))

(; becomes
  (func $outer (;18;) (type 4) (param externref) (result (ref null $pair))
    (local (ref null $pair) i32 i32 i32 (ref null $pair) externref)
    block (result i32) ;; label = @1
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block (result (ref $pair)) ;; label = @4
            block ;; label = @5
              global.get 0
              if ;; label = @6
                global.get 0
                i32.const 2
                i32.eq
                if ;; label = @7
                  call $asyncify_resume_any
                  return
                end
                global.get 2
                local.set 3
                local.get 3
                i32.load
                call $asyncify_take_extern
                local.set 0
                local.get 3
                i32.load offset=4
                call $asyncify_take_any
                ref.cast (ref null $pair)
                local.set 1
                local.get 3
                i32.load offset=8
                local.set 2
                local.get 2
                i32.const 1
                i32.ge_u
                if ;; label = @7
                  global.get 3
                  ref.cast (ref $pair)
                  ref.null any
                  global.set 3
                  i32.const 0
                  global.set 0
                  br 3 (;@4;)
                end
                global.get 4
                global.get 3
                ref.cast (ref null $pair)
                global.get 5
                ref.null extern
                global.set 4
                ref.null any
                global.set 3
                local.set 4
                local.set 5
                local.set 6
                i32.const 0
                global.set 0
                br 1 (;@5;)
              end
              local.get 0
              call $both
              local.set 4
              local.set 5
              local.set 6
              i32.const 0
              global.get 0
              br_if 2 (;@3;)
              drop
            end
            local.get 6
            local.get 5
            local.get 4
            drop
            local.set 1
            drop
            local.get 0
            call $inner
            i32.const 1
            global.get 0
            br_if 2 (;@2;)
            drop
          end
          drop
          local.get 1
          return
        end
        ref.null $pair
        local.set 1
        br 1 (;@1;)
      end
      ref.null extern
      local.set 0
    end
    local.set 2
    i32.const 16
    call $asyncify_push
    local.tee 3
    if ;; label = @1
      local.get 3
      i32.const 2
      i32.store
      local.get 3
      local.get 2
      i32.store offset=12
      local.get 3
      local.get 0
      call $asyncify_keep_extern
      i32.store offset=4
      local.get 3
      local.get 1
      call $asyncify_keep_any
      i32.store offset=8
    end
    ref.null $pair
  )
  (func $inner (;16;) (type 2) (param externref) (result (ref $pair))
    (local i32)
    block ;; label = @1
      block ;; label = @2
        global.get 0
        if ;; label = @3
          global.get 2
          local.set 1
          local.get 1
          i32.load
          call $asyncify_take_extern
          local.set 0
          i32.const 2
          global.set 0
          call $sleep
          br 1 (;@2;)
        end
        call $sleep
      end
      global.get 0
      br_if 0 (;@1;)
      i32.const 7
      local.get 0
      struct.new $pair
      return
    end
    block ;; label = @1
      global.get 1
      i32.load
      local.tee 1
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
      local.get 1
      i32.const 8
      i32.add
      i32.store
      local.get 1
      i32.const 0
      i32.store
      local.get 1
      local.get 0
      call $asyncify_keep_extern
      i32.store offset=4
    end
    global.get 6
  )
  (func $both (;17;) (type 3) (param externref) (result externref (ref null $pair) i32)
    (local externref i32 externref (ref null $pair))
    block ;; label = @1
      block (result (ref $pair)) ;; label = @2
        global.get 0
        if ;; label = @3
          global.get 2
          local.set 2
          local.get 2
          i32.load
          call $asyncify_take_extern
          local.set 1
          global.get 3
          ref.cast (ref $pair)
          ref.null any
          global.set 3
          i32.const 0
          global.set 0
          br 1 (;@2;)
        end
        local.get 0
        local.get 0
        local.set 3
        local.set 1
        local.get 3
        call $inner
        global.get 0
        br_if 1 (;@1;)
      end
      local.set 4
      local.get 1
      local.get 4
      ref.as_non_null
      i32.const 3
      return
    end
    i32.const 8
    call $asyncify_push
    local.tee 2
    if ;; label = @1
      local.get 2
      i32.const 1
      i32.store
      local.get 2
      local.get 1
      call $asyncify_keep_extern
      i32.store offset=4
    end
    ref.null extern
    ref.null $pair
    i32.const 0
  )
  (func $asyncify_resume_any (;11;) (type 12) (result (ref null $pair))
    call $asyncify_dispatch
    ref.null any
    global.get 3
    global.get 0
    select (result anyref)
    ref.cast (ref null $pair)
    ref.null any
    global.set 3
  )
;)
