  (func $waits (;2;) (type $t) (param i32) (result i32)
    local.get 0
    i32.const 1
    i32.add
    i32.const 2
    call $waits_too
  )
