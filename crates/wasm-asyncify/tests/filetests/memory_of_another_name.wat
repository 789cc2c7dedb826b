;;! imports = all
;;! memory = heap
;;! show = error
(module
  (import "env" "sleep" (func $sleep))
  (memory (export "memory") 1)
  (memory 1)
  (func (call $sleep))
)

(; becomes
the module has no memory `heap`; it has `memory`, 1 without a name
  say in `Options::memory` which is for frames, or let one be added (`FrameMemory::Secondary`)
;)
