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
