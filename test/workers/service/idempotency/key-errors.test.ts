import { Code, type ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { ErrorInfoSchema } from "../../../../protos/gen/google/rpc/error_details_pb.ts";
import { invalidKey, keyReused, keyRunning, responseOmitted } from "../../../../workers/service/idempotency/key-errors.ts";

const infoOf = (error: ConnectError): unknown => {
  const [detail] = error.details;
  return detail !== undefined && "desc" in detail && detail.desc === ErrorInfoSchema ? detail.value : undefined;
};

it.each([
  [keyReused(), Code.FailedPrecondition, "IDEMPOTENCY_KEY_REUSED"],
  [keyRunning(), Code.Aborted, "IDEMPOTENCY_KEY_RUNNING"],
  [responseOmitted(70_000), Code.AlreadyExists, "IDEMPOTENCY_RESPONSE_OMITTED"],
])("%s has a reason for programs", (error, code, reason) => {
  expect([error.code, infoOf(error)]).toEqual([code, { reason, domain: "tidegate" }]);
});

it("names the header that is invalid", () => {
  const error = invalidKey("is empty; write a value");
  expect([error.code, error.rawMessage]).toEqual([Code.InvalidArgument, "header Idempotency-Key is empty; write a value"]);
  const [detail] = error.details;
  expect(detail).toMatchObject({ value: { fieldViolations: [{ field: "Idempotency-Key", description: "is empty; write a value" }] } });
});
