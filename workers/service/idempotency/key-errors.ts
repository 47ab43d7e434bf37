// The errors of calls with an idempotency key, each with a google.rpc.ErrorInfo by which programs and gateways know it.
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../../../protos/gen/google/rpc/error_details_pb.ts";

/** Domain of the reasons below. A gateway maps some of them to an HTTP status of REST. */
export const ERROR_DOMAIN = "tidegate";

/** `ErrorInfo.reason` of each error. */
export type KeyErrorReason = "IDEMPOTENCY_KEY_REUSED" | "IDEMPOTENCY_KEY_RUNNING" | "IDEMPOTENCY_RESPONSE_OMITTED";

/** The key was sent before, with another payload. REST through a gateway: 422. */
export function keyReused(): ConnectError {
  const text = "this idempotency key was used before, for a request that differs; send a new key with a new request";
  return keyError(Code.FailedPrecondition, "IDEMPOTENCY_KEY_REUSED", text);
}

/** The first call with the key has not ended yet. REST: 409. */
export function keyRunning(): ConnectError {
  const text = "a call with this idempotency key is still running; repeat the call later";
  const error = keyError(Code.Aborted, "IDEMPOTENCY_KEY_RUNNING", text);
  error.metadata.set("Retry-After", "1");
  return error;
}

/** The call was done; its response was too large to be recorded. REST: 409. @param bytes size of that response */
export function responseOmitted(bytes: number): ConnectError {
  const text = `the call with this idempotency key was done; its response of ${bytes} bytes was too large to be recorded; read the result by its own method`;
  return keyError(Code.AlreadyExists, "IDEMPOTENCY_RESPONSE_OMITTED", text);
}

/** @param problem what is wrong with the key, and how it is put right */
export function invalidKey(problem: string): ConnectError {
  const fieldViolations = [{ field: "Idempotency-Key", description: problem }];
  return new ConnectError(`header Idempotency-Key ${problem}`, Code.InvalidArgument, undefined, [
    { desc: BadRequestSchema, value: { fieldViolations } },
  ]);
}

function keyError(code: Code, reason: KeyErrorReason, text: string): ConnectError {
  return new ConnectError(text, code, undefined, [{ desc: ErrorInfoSchema, value: { reason, domain: ERROR_DOMAIN } }]);
}
