  (func $waits (;8;) (type $t) (param $x i32) (result i32)
    local.get $x
    i32.const 1
    i32.add
    i32.const 2
    call $waits_too
  )
