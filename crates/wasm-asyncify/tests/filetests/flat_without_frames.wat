;;! imports = env.sleep
;;! flat = yes
;;! driven-by-host = yes
;;! show = dead
;; Nobody saves a frame, and so the dispatcher has nobody to call.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (func $dead (export "dead")
    (return)
    (call $sleep)))

(; becomes
  (func $dead (;12;) (type 0)
    return
    call $sleep
  )
;)
