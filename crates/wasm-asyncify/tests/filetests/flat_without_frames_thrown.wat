;;! imports = env.sleep
;;! flat = yes
;;! driven-by-host = yes
;;! show = dead
;; Nobody saves a frame here either, and nobody throws again what nobody can have thrown.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (func $dead (export "dead")
    (return)
    (block $caught (try_table (catch_all $caught) (call $sleep)))))

(; becomes
  (func $dead (;14;) (type 0)
    return
    block ;; label = @1
      try_table (catch_all 0 (;@1;)) ;; label = @2
        call $sleep
      end
    end
  )
;)
