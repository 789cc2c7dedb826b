;;! imports = all
;;! driven-by-host = yes
;; The host asks such a module for the state, too.
(module
  (import "env" "memory" (memory 1))
  (global (export "answer") i32 (i32.const 42))
)

(; becomes
(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (result i32)))
  (import "env" "memory" (memory (;0;) 1))
  (global (;0;) i32 i32.const 42)
  (global (;1;) (mut i32) i32.const 0)
  (global (;2;) (mut i32) i32.const 0)
  (export "answer" (global 0))
  (export "asyncify_start_unwind" (func 0))
  (export "asyncify_stop_unwind" (func 1))
  (export "asyncify_start_rewind" (func 2))
  (export "asyncify_stop_rewind" (func 3))
  (export "asyncify_get_state" (func 6))
  (func (;0;) (type 1) (param i32)
    i32.const 1
    global.set 1
    local.get 0
    global.set 2
    global.get 2
    i32.load
    global.get 2
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func (;1;) (type 2)
    i32.const 0
    global.set 1
    global.get 2
    i32.load
    global.get 2
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func (;2;) (type 1) (param i32)
    i32.const 2
    global.set 1
    local.get 0
    global.set 2
    global.get 2
    i32.load
    global.get 2
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func (;3;) (type 2)
    i32.const 0
    global.set 1
    global.get 2
    i32.load
    global.get 2
    i32.load offset=4
    i32.gt_u
    if ;; label = @1
      unreachable
    end
  )
  (func (;4;) (type 0) (param i32) (result i32)
    (local i32)
    global.get 2
    global.get 2
    i32.load
    local.tee 1
    local.get 0
    i32.add
    i32.store
    local.get 1
    i32.const 0
    global.get 2
    i32.load
    global.get 2
    i32.load offset=4
    i32.gt_u
    i32.eqz
    select
  )
  (func (;5;) (type 0) (param i32) (result i32)
    (local i32)
    global.get 2
    global.get 2
    i32.load
    local.get 0
    i32.sub
    local.tee 1
    i32.store
    local.get 1
  )
  (func (;6;) (type 3) (result i32)
    global.get 1
  )
)
;)
