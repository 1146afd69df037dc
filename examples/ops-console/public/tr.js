// Turkish.  Left, the sentence as the code has it; right, what is said.

export default {
}
