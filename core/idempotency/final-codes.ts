// Errors that are the result of a call: a repeat gets the same error. After any other error a repeat runs again.

/** Codes in the numbers of gRPC, @see google/rpc/code.proto */
const FINAL = new Set([
  3, // invalid_argument
  5, // not_found
  6, // already_exists
  9, // failed_precondition
  11, // out_of_range
  15, // data_loss
]);

/**
 * Whether an error is recorded. Not recorded are errors that say nothing about the payload or may be over soon: canceled, unknown,
 * deadline_exceeded, permission_denied, resource_exhausted, aborted, unimplemented, internal, unavailable and unauthenticated.
 *
 * @param code in the numbers of gRPC
 */
export function isFinal(code: number): boolean {
  return FINAL.has(code);
}
