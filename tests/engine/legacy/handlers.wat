;; Waits in legacy handlers that throw on what they have caught, which cannot be entered again.
(module
  (import "env" "nap" (func $nap (param i32) (result i32)))
  (import "env" "put" (func $put (param i32)))
  (memory (export "memory") 1)
  (tag $exception (param i32))
  ;; Where the host saves frames.
  (func (export "frames") (result i32)
    (i32.store (i32.const 16) (i32.const 24))
    (i32.store (i32.const 20) (i32.const 4096))
    (i32.const 16))
  (func (export "main") (local $value i32)
    (local.set $value (i32.const 3))
    (loop $again
      try
        (call $throws_on (local.get $value))
      catch $exception
        call $put
      catch_all
        (call $put (i32.const -1))
      end
      (br_if $again (local.tee $value (i32.sub (local.get $value) (i32.const 1))))))
  (func $throws_on (param $value i32)
    try
      try
        (throw $exception (call $nap (local.get $value)))
      catch $exception
        call $nap
        call $put
        (rethrow 0)
      end
    catch_all
      (call $put (call $nap (i32.add (local.get $value) (i32.const 100))))
      (rethrow 0)
    end))
