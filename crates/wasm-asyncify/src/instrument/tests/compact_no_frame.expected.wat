  (func $waits (;8;) (type 1) (param $x i32)
    local.get $x
    call $waits_too
    global.get 0
    br_if 0
    drop
    i32.const 4
    i32.const 5
    i32.store
  )
