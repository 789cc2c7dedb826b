;;! imports = all
;;! show = error
(module
  (memory 1)
  (func (export "asyncify_start_unwind") (param i32))
)

(; becomes
the module has been through Asyncify already: it exports `asyncify_start_unwind`
  take it as it is, or start from the one that it was made of
;)
