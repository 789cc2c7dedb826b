;;! imports = all
;;! show = error
;; Nobody can know which of several memories is for frames.
(module
  (import "env" "buffer" (memory 1))
  (import "env" "sleep" (func $sleep))
  (memory (export "memory") 1)
  (memory 1)
  (func (call $sleep))
)

(; becomes
the module has several memories: `env.buffer`, `memory`, 1 without a name
  say in `Options::memory` which is for frames, or let one be added (`FrameMemory::Secondary`)
;)
