;;! imports = env.sleep
;;! flat = yes
;;! compact = all
;;! globals = imported
;;! driven-by-host = yes
;;! show = asyncify_advance
;; The global that the address of a frame is in is not the next one after the state, if that is imported.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (global i64 (i64.const 7))
  (func $waits (export "waits") (param i32) (result i32)
    (call $sleep)
    (local.get 0)))

(; becomes
  (func $asyncify_advance (;12;) (type 10) (param i32) (result i32)
    global.get 0
    i32.eqz
    if ;; label = @1
      local.get 0
      call $asyncify_advance
      drop
    end
    global.get 3
    global.get 3
    local.get 0
    i32.add
    global.set 3
  )
;)
