;; The switch, as `build/object.rs` emits it for wasm32. `tests/object.rs` assembles this file and compares the
;; two. For wasm64 every address is an i64, and an offset of n pointers is 8 n; nothing else differs.
;;
;; Stable Rust can reach neither `__stack_pointer` nor a wasm global of its own. And Asyncify does not instrument a
;; function that calls one of its four imports. If a compiler inlined a function into such a one, that would
;; silently not be paused. So these calls are made only here, in functions that no compiler sees:
;;
;;   - in the bottom function, `resume`, which rewinds a coroutine and catches its unwind,
;;   - in the top function, `suspend`, which begins an unwind and is reached by the rewind.
;;
;; `core` points to a `RawCore` (src/raw/control_block.rs):
;;
;;    0  start          where Asyncify saves the next frame
;;    4  end            the limit of `start`
;;    8  stack_pointer  the coroutine's own, while it is suspended
;;   12  phase          1 running, 2 unwinding, 3 suspended, 4 rewinding (src/raw/phase.rs)
;;   20  waiting        its wait, while it is suspended
;;   32  epoch          changes when `embed` must check the core again
;;   52  high           the end of the coroutine's memory
;;   56  canary         0x0b596ac1f700c0de
;;   64                 the low end of the stack
;;
;; `wait` points to a `Wait` (src/raw/control_block.rs): at 0 the epoch with which it has caught up.

;; At a call of any of the four imports, `start` has not passed `end`. At a call of `start_unwind`, at least the
;; reserve is free between them. The functions by which `bysyncify-ld` replaces the imports do not check this,
;; unless other code calls them, too: `instrument/flat/entries.rs` of the engine says where that is ensured.

(module
  (type $start (func (param i32)))
  (type $stop (func))
  (type $suspend (func (param i32) (result i32)))
  (type $resume (func (param i32 i32 i32) (result i32)))
  (type $current (func (result i32)))
  (type $outside (func (param i32 i32)))
  ;; The f32 is an `AbiTag` (src/raw/switch/mod.rs): it has no meaning, but makes these types unlike all others.
  (type $entry (func (param i32 f32) (result i32)))
  (type $runs_outside (func (param i32 f32)))

  (import "env" "__linear_memory" (memory 0))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (import "asyncify" "start_unwind" (func $start_unwind (type $start)))
  (import "asyncify" "stop_unwind" (func $stop_unwind (type $stop)))
  (import "asyncify" "start_rewind" (func $start_rewind (type $start)))
  (import "asyncify" "stop_rewind" (func $stop_rewind (type $stop)))

  ;; The core of the innermost running coroutine, or 0. There is one for each instance, and so for each thread.
  (global $current_core (mut i32) (i32.const 0))

  ;; The limit of the stack pointer. It belongs to the stack, and is set and restored with the pointer. 0 on the
  ;; stack that coroutines are resumed from: there is nothing below. If frames stay in memory while code runs, the
  ;; code that resumes it raises the limit above them.
  (global $stack_limit (mut i32) (i32.const 0))

  ;; The distance from the low end of a coroutine's free stack up to the limit. LLVM writes up to 128 bytes below
  ;; the stack pointer. A linker that adds checks sets another number, because it adds no check to small functions.
  (global $stack_reserve i32 (i32.const 128))

  ;; bysyncify_resume(entry, data, core): runs a coroutine until it suspends or returns. The result is 0 if it is
  ;; suspended, 1 if it has returned, 2 after an error.
  (func $bysyncify_resume (type $resume)
    (local $caller_stack_pointer i32) (local $caller_stack_limit i32) (local $caller_core i32)
    (local $end i32) (local $moved i32) (local $finished i32)
    ;; Save the caller's stack and coroutine; switch to the coroutine's.
    global.get $stack_pointer
    local.set $caller_stack_pointer
    global.get $stack_limit
    local.set $caller_stack_limit
    global.get $current_core
    local.set $caller_core
    local.get 2
    global.set $current_core
    local.get 2
    i32.load offset=8
    global.set $stack_pointer
    local.get 2
    i32.const 64
    i32.add
    global.get $stack_reserve
    i32.add
    global.set $stack_limit
    ;; Rewind a coroutine that is suspended; just start a new one.
    local.get 2
    i32.load offset=12
    i32.const 3
    i32.eq
    if
      local.get 2
      i32.const 4
      i32.store offset=12
      local.get 2
      call $start_rewind
    else
      local.get 2
      i32.const 1
      i32.store offset=12
    end
    local.get 1
    f32.const 0
    local.get 0
    call_indirect (type $entry)
    local.set $finished
    ;; An unwind does not move the stack pointer. A function that was not instrumented, and returned during the
    ;; unwind, moves it up.
    global.get $stack_pointer
    local.set $moved
    ;; Switch back.
    local.get $caller_stack_pointer
    global.set $stack_pointer
    local.get $caller_stack_limit
    global.set $stack_limit
    local.get $caller_core
    global.set $current_core
    ;; Asyncify returns 0 from a function that it unwinds; an entry function returns 1.
    local.get $finished
    if
      ;; The coroutine has returned. It must not be during an unwind, nor after an overflow.
      local.get 2
      i32.load offset=12
      i32.const 1
      i32.eq
      if
        local.get 2
        call $bysyncify_intact
        if
          i32.const 1
          return
        end
      end
    else
      ;; The coroutine was unwound. Check that this switch has begun the unwind, that no function has returned in
      ;; it, and that the frames fitted. If they fitted, there is room between `start` and `end`. If not, `start`
      ;; is above `end`, and the difference is less than 0. (A stack has less than half of the address space, like
      ;; all objects in Rust. Frames that do not fit take less, too: the host's own stack had room for them.) The
      ;; code branches because an optimiser would join nested `if`s into one condition.
      block $unsound
        local.get 2
        i32.load offset=12
        i32.const 2
        i32.ne
        br_if $unsound
        local.get $moved
        local.get 2
        i32.load offset=8
        i32.gt_u
        br_if $unsound
        global.get $stack_reserve
        local.get 2
        i32.load offset=4
        local.get 2
        i32.load
        i32.sub
        i32.gt_s
        br_if $unsound
        local.get 2
        i32.const 3
        i32.store offset=12
        call $stop_unwind
        i32.const 0
        return
      end
    end
    ;; An error. Make `stop_unwind` accept the state: it traps, without a message, if `start` has passed `end`. It
    ;; must be called first: until then the code that reports the error does nothing. It checks the last argument
    ;; of a `start_*`, which may not be our core: so pass our core. Then store where frames should have ended.
    local.get 2
    i32.load offset=4
    global.get $stack_reserve
    i32.sub
    local.set $end
    local.get 2
    local.get 2
    i32.load
    i32.store offset=4
    local.get 2
    call $start_rewind
    call $stop_unwind
    local.get 2
    local.get $end
    i32.store offset=4
    i32.const 2)

  ;; bysyncify_suspend(wait): pauses the innermost running coroutine, which waits. The result is 0 once it was
  ;; resumed. It is 1 if the epoch has changed, so that `embed` must check the core. Then the coroutine was resumed
  ;; in another epoch, or the epoch had changed before and the coroutine was not suspended. It is 2 after an error:
  ;; either no unwind was begun, or one was and the caller, which sees this result, was not instrumented. It is 3
  ;; if no coroutine is current.
  ;;
  ;; `bysyncify-ld` copies the code for phase 4, if this function begins as it does here: see
  ;; `instrument/flat/arrival.rs` of the engine.
  (func $bysyncify_suspend (type $suspend)
    (local $core i32)
    global.get $current_core
    local.set $core
    ;; There is nothing to suspend.
    local.get $core
    i32.eqz
    if
      i32.const 3
      return
    end
    ;; The rewind has arrived where the unwind began.
    local.get $core
    i32.load offset=12
    i32.const 4
    i32.eq
    if
      local.get $core
      i32.const 1
      i32.store offset=12
      call $stop_rewind
      ;; A rewind does not move the stack pointer. A function that was not instrumented, and runs again from its
      ;; beginning, does.
      local.get $core
      i32.load offset=8
      global.get $stack_pointer
      i32.le_u
      if
        local.get $core
        i32.load offset=32
        local.get 0
        i32.load ;; a number
        i32.ne
        return
      end
      i32.const 2
      return
    end
    ;; The future has not seen the latest waker.
    local.get $core
    i32.load offset=32
    local.get 0
    i32.load ;; a number
    i32.ne
    if
      i32.const 1
      return
    end
    local.get $core
    local.get 0
    i32.store offset=20
    local.get $core
    global.get $stack_pointer
    i32.store offset=8
    ;; Asyncify may save frames if there is any room: the reserve below the limit must be free when the coroutine
    ;; runs again, with its frames there. The sum does not wrap. `start` is the low end of a stack, which has more
    ;; bytes than the reserve. Or it was that far below the high end when the coroutine was suspended last. If the
    ;; core was overwritten, the check of the canary fails.
    local.get $core
    i32.load
    global.get $stack_reserve
    i32.add
    global.get $stack_pointer
    i32.le_u
    if
      ;; The stack must be the coroutine's: other libraries switch stacks, too.
      global.get $stack_pointer
      local.get $core
      i32.load offset=52
      i32.le_u
      if
        local.get $core
        call $bysyncify_intact
        if
          ;; Frames may be saved up to the current stack pointer. `bysyncify_resume` checks whether they fitted.
          local.get $core
          global.get $stack_pointer
          i32.store offset=4
          local.get $core
          i32.const 2
          i32.store offset=12
          local.get $core
          call $start_unwind
          i32.const 2
          return
        end
      end
    end
    ;; Store where frames should have ended.
    local.get $core
    global.get $stack_pointer
    global.get $stack_reserve
    i32.sub
    i32.store offset=4
    i32.const 2)

  ;; bysyncify_current(): the core of the innermost running coroutine, or 0.
  (func $bysyncify_current (type $current)
    global.get $current_core)

  ;; bysyncify_outside(function, data): calls `function(data)` as if no coroutine were running. Asyncify treats
  ;; this as a bottom function, because of the call of `stop_unwind`, and does not follow its calls. So a function
  ;; that calls in this way what never suspends is not instrumented for it. If an unwind was begun although the
  ;; caller is not instrumented, the unwind must be ended before `function` can report that.
  (func $bysyncify_outside (type $outside)
    (local $caller_core i32) (local $end i32)
    global.get $current_core
    local.tee $caller_core
    i32.eqz
    i32.eqz
    if
      local.get $caller_core
      i32.load offset=12
      i32.const 2
      i32.eq
      if
        ;; As above, whether the frames fit or not.
        local.get $caller_core
        i32.load offset=4
        global.get $stack_reserve
        i32.sub
        local.set $end
        local.get $caller_core
        local.get $caller_core
        i32.load
        i32.store offset=4
        call $stop_unwind
        local.get $caller_core
        local.get $end
        i32.store offset=4
      end
    end
    i32.const 0
    global.set $current_core
    local.get 1
    f32.const 0
    local.get 0
    call_indirect (type $runs_outside)
    local.get $caller_core
    global.set $current_core)

  ;; Whether the canary is intact: the shadow stack has not overwritten it.
  (func $bysyncify_intact (type $suspend)
    local.get 0
    i64.load offset=56
    i64.const 0x0b596ac1f700c0de
    i64.eq)

  ;; bysyncify_set_reporter(reporter): does nothing. A linker that adds checks adds a body, which stores the
  ;; function that the checks call to end the program with a message.
  (func $bysyncify_set_reporter (type $start))

  ;; bysyncify_why_outside(): why no coroutine is current here. 0: none is running, or the host has called back. A
  ;; linker that knows of other reasons adds a body: see `abi::OUTSIDE_*`.
  (func $bysyncify_why_outside (type $current)
    i32.const 0)

  ;; bysyncify_stack_left(): the distance from the limit up to the stack pointer.
  (func $bysyncify_stack_left (type $current)
    global.get $stack_pointer
    global.get $stack_limit
    i32.sub)

  ;; bysyncify_symbols(to, from, length): copies `length` bytes of the linker's records of frames, from offset
  ;; `from` on, and returns whether there are records. A linker that writes them adds a body: see `abi::SYMBOLS_*`.
  (func $bysyncify_symbols (type $resume)
    i32.const 0))
