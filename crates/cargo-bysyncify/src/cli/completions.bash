
# What is above completes `bysyncify …`, which nobody types: `cargo-bysyncify …`, and `cargo bysyncify …`, are completed
# as that. Other command lines of cargo's are for who completed these before.
_bysyncify_before=$(complete -p cargo 2>/dev/null)
_bysyncify_before=${_bysyncify_before#* -F }
_bysyncify_before=${_bysyncify_before%% *}
if [[ $_bysyncify_before != _bysyncify_in_cargo ]]; then
    _bysyncify_cargo=$_bysyncify_before
fi
unset _bysyncify_before

_bysyncify_in_cargo() {
    local words=1
    if [[ $1 == cargo ]]; then
        if [[ $COMP_CWORD -lt 2 || ${COMP_WORDS[1]} != bysyncify ]]; then
            if [[ -n $_bysyncify_cargo ]]; then
                "$_bysyncify_cargo" "$@"
            fi
            return
        fi
        words=2
    fi
    COMP_WORDS=(bysyncify "${COMP_WORDS[@]:words}")
    COMP_CWORD=$((COMP_CWORD + 1 - words))
    _bysyncify bysyncify "$2" "${COMP_WORDS[COMP_CWORD - 1]}"
}

complete -F _bysyncify_in_cargo -o bashdefault -o default cargo cargo-bysyncify
