// The lines that this program's script reads, and what it should report of them: the same as the
// script in Rhai.

export { expected, input, read } from '../../programs/script/input.mjs';
