;; The switch, as `build/object.rs` emits it for wasm32. `tests/object.rs` assembles this file
;; and compares. For wasm64 every address is an i64, and an offset of n pointers is 8 n; nothing
;; else differs.
;;
;; Stable Rust can reach neither `__stack_pointer` nor a wasm global of its own. And Asyncify
;; does not instrument a function that calls one of its four imports; whatever a compiler were
;; to inline into such a function would silently not be paused. So these calls are made here
;; and nowhere else, in functions that no compiler sees:
;;
;;   - in the bottom function, `resume`, which rewinds a coroutine and catches its unwind,
;;   - in the top function, `suspend`, which begins an unwind and is reached by the rewind.
;;
;; `core` points to a `RawCore` (src/raw/control_block.rs):
;;
;;    0  start          where Asyncify saves the next frame
;;    4  end            what `start` must not pass
;;    8  stack_pointer  the coroutine's own, while it is suspended
;;   12  phase          1 running, 2 unwinding, 3 suspended, 4 rewinding (src/raw/phase.rs)
;;   20  waiting        what it waits with, while it is suspended
;;   32  epoch          changes when `embed` should look at the core again
;;   52  high           the end of the coroutine's memory
;;   56  canary         0x0b596ac1f700c0de
;;   64                 the low end of the stack
;;
;; `wait` points to a `Wait` (src/raw/control_block.rs): at 0 the epoch that it has seen.

;; Each of the four imports is called when `start` has not passed `end`, and `start_unwind` when at least the
;; reserve is free between them. What our linker puts in their place does not look, where nobody else calls them:
;; see `instrument/flat/entries.rs` of the engine, which says where that is made sure of.

(module
  (type $start (func (param i32)))
  (type $stop (func))
  (type $suspend (func (param i32) (result i32)))
  (type $resume (func (param i32 i32 i32) (result i32)))
  (type $current (func (result i32)))
  (type $outside (func (param i32 i32)))
  ;; The f32 is a `AbiTag` (src/raw/switch/mod.rs): it says nothing, but makes these types unlike all others.
  (type $entry (func (param i32 f32) (result i32)))
  (type $runs_outside (func (param i32 f32)))

  (import "env" "__linear_memory" (memory 0))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (import "asyncify" "start_unwind" (func $start_unwind (type $start)))
  (import "asyncify" "stop_unwind" (func $stop_unwind (type $stop)))
  (import "asyncify" "start_rewind" (func $start_rewind (type $start)))
  (import "asyncify" "stop_rewind" (func $stop_rewind (type $stop)))

  ;; The core of the innermost running coroutine, or 0. One for each instance, and so one for
  ;; each thread.
  (global $current_core (mut i32) (i32.const 0))

  ;; What the stack pointer must not pass: it belongs to the stack, and is set and restored with
  ;; the pointer. 0 on the stack that coroutines are resumed from, which nothing is below of. Where
  ;; frames stay in memory while code runs, who resumes it raises the limit to above them.
  (global $stack_limit (mut i32) (i32.const 0))

  ;; How far that is above the low end of what is free of a coroutine's stack. LLVM writes up to 128
  ;; bytes below the stack pointer. A linker that adds checks sets another number, since it leaves
  ;; small functions without one.
  (global $stack_reserve i32 (i32.const 128))

  ;; The core of the coroutine whose stack that is. Belongs to the stack, too, and means nothing while
  ;; the limit is 0.
  (global $stack_owner (mut i32) (i32.const 0))

  ;; bysyncify_resume(entry, data, core): runs a coroutine until it suspends or returns. The
  ;; result is 0 if it is suspended, 1 if it has returned, 2 if something is wrong.
  (func $bysyncify_resume (type $resume)
    (local $caller_stack_pointer i32) (local $caller_stack_limit i32) (local $caller_stack_owner i32)
    (local $caller_core i32) (local $end i32) (local $moved i32) (local $finished i32)
    ;; Remember the caller's stack and coroutine; switch to ours.
    global.get $stack_pointer
    local.set $caller_stack_pointer
    global.get $stack_limit
    local.set $caller_stack_limit
    global.get $stack_owner
    local.set $caller_stack_owner
    global.get $current_core
    local.set $caller_core
    local.get 2
    global.set $current_core
    local.get 2
    global.set $stack_owner
    local.get 2
    i32.load offset=8
    global.set $stack_pointer
    local.get 2
    i32.const 64
    i32.add
    global.get $stack_reserve
    i32.add
    global.set $stack_limit
    ;; Rewind a coroutine that is suspended; just start another.
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
    ;; An unwind moves no stack pointer. A function that was not instrumented, and returned in the
    ;; middle of it, moves it up.
    global.get $stack_pointer
    local.set $moved
    ;; Switch back.
    local.get $caller_stack_pointer
    global.set $stack_pointer
    local.get $caller_stack_limit
    global.set $stack_limit
    local.get $caller_stack_owner
    global.set $stack_owner
    local.get $caller_core
    global.set $current_core
    ;; Asyncify returns 0 from a function that it unwinds; an entry function returns 1.
    local.get $finished
    if
      ;; It has returned. Not in the middle of an unwind, and without an overflow?
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
      ;; It was unwound. By us, all of it, and did its frames fit? Then there is room between `start` and `end`.
      ;; If they did not `start` is above, and the difference less than 0: a stack has less than half of what can
      ;; be addressed, as all objects in Rust, and frames that do not fit have less, since the host's own stack
      ;; had room for them. Branches, since an optimiser would make one condition of `if`s in each other.
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
    ;; No. Make `stop_unwind` accept what there is: it traps, without a word, if `start` has
    ;; passed `end`, and code that says what has happened does nothing before it was called. It
    ;; looks at what the last `start_*` was given, which need not be ours: so give it ours. Then say
    ;; where frames should have ended.
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

  ;; bysyncify_suspend(wait): pauses the innermost running coroutine, which waits. The result is 0
  ;; once it was resumed. It is 1 if the epoch has changed, so that `embed` should look at the core:
  ;; the coroutine was resumed with it, or there was some already and it was not suspended. It is
  ;; 2 if something is wrong: either no unwind was begun, or one was and the caller, which sees
  ;; this result, was not instrumented. It is 3 if no coroutine is current.
  ;;
  ;; Our linker copies what is done in the phase 4, if this function begins as it does here: see
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
      ;; A rewind moves no stack pointer. A function that was not instrumented, and runs again
      ;; from its beginning, does.
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
    ;; Asyncify may save frames if there is any room: what may be used below the limit must be free
    ;; when the coroutine runs again, with its frames there. The sum does not wrap: `start` is the low end of
    ;; a stack, which has more bytes than the reserve, or was as far below the high end when the coroutine was
    ;; suspended last; and if the core was overwritten the canary says so.
    local.get $core
    i32.load
    global.get $stack_reserve
    i32.add
    global.get $stack_pointer
    i32.le_u
    if
      ;; And if it is this stack at all: others switch stacks, too.
      global.get $stack_pointer
      local.get $core
      i32.load offset=52
      i32.le_u
      if
        local.get $core
        call $bysyncify_intact
        if
          ;; Up to where the shadow stack is now. `bysyncify_resume` looks whether they are too many.
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
    ;; Say where frames should have ended.
    local.get $core
    global.get $stack_pointer
    global.get $stack_reserve
    i32.sub
    i32.store offset=4
    i32.const 2)

  ;; bysyncify_current(): the core of the innermost running coroutine, or 0.
  (func $bysyncify_current (type $current)
    global.get $current_core)

  ;; bysyncify_outside(function, data): calls `function(data)` as if no coroutine were running.
  ;; Asyncify takes this for a bottom function, because of the call to `stop_unwind`, and does
  ;; not look behind it: who calls what never suspends in this way is not instrumented for it.
  ;; The call is made when an unwind was begun but its caller not instrumented: then it must be
  ;; ended before `function` can say so.
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
        ;; Whether the frames fit or not: see above.
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

  ;; Whether the shadow stack has left the canary alone.
  (func $bysyncify_intact (type $suspend)
    local.get 0
    i64.load offset=56
    i64.const 0x0b596ac1f700c0de
    i64.eq)

  ;; bysyncify_set_reporter(reporter): does nothing. The checks that a linker adds put a body here,
  ;; which remembers whom they call to end the program with a message.
  (func $bysyncify_set_reporter (type $start))

  ;; bysyncify_why_outside(): why no coroutine is current here. 0: none is running, or the host has
  ;; called back. A linker that knows of other places puts a body here: see `abi::OUTSIDE_*`.
  (func $bysyncify_why_outside (type $current)
    i32.const 0)

  ;; bysyncify_stack_left(): how far above the limit the stack pointer is.
  (func $bysyncify_stack_left (type $current)
    global.get $stack_pointer
    global.get $stack_limit
    i32.sub)

  ;; bysyncify_symbols(to, from, length): copies so many bytes of what is known of frames from there on,
  ;; and returns whether anything is. A linker that knows what is in frames puts a body here: see
  ;; `abi::SYMBOLS_*`.
  (func $bysyncify_symbols (type $resume)
    i32.const 0))
