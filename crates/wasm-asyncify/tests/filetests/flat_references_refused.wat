;;! imports = env.sleep
;;! flat = yes
;;! show = error
;; While it is suspended again it would have to return something.
(module
  (import "env" "sleep" (func $sleep))
  (memory 1)
  (type $pair (struct (field i32)))
  (func $outer (export "outer") (result (ref $pair))
    (call $sleep)
    (struct.new $pair (i32.const 7))))

(; becomes
`outer` takes a reference that cannot be null, or returns one to what is not instrumented: if functions are resumed one by one there is nothing to pass in its place:
    outer
      calls sleep
  do without `Resumption::OneByOne`
;)
