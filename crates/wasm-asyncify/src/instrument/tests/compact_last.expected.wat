  (func $waits (;8;) (type $t) (param $x i32) (result i32)
    (local i32)
    block ;; label = @1
      global.get 0
      br_if 0 (;@1;)
      local.get $x
      call $plain
      if ;; label = @2
        i32.const 0
        return
      end
      local.get $x
      i32.load
      local.set 1
    end
    local.get 1
    i32.const 2
    call $waits_too
  )
