export function createManaging() {
  return { register() {} }
}
