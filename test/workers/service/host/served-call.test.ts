import { expect, it, vi } from "vitest";
import { SERVED_CALL, ServedCall, valuesOfStream } from "../../../../workers/service/host/served-call.ts";
import { callerFrom } from "../../../../workers/service/identity/caller.ts";
import { callerOf } from "../../../../workers/service.ts";

it("reports the end of a stream once", () => {
  const call = new ServedCall(undefined);
  const onEnd = vi.fn();
  call.onStreamEnd(onEnd);
  call.streamEnded();
  call.streamEnded();
  expect(onEnd).toHaveBeenCalledOnce();
});

it("travels in the values of a stream, with its caller", () => {
  const caller = callerFrom({ iss: "tidegate", aud: "users", kind: "user", sub: "ada", iat: 0, exp: 0 });
  const call = new ServedCall({ caller, from: { name: "tidegate", before: [] }, isFromGateway: true, claims: undefined, payload: "" });
  const values = valuesOfStream(call);
  expect([values.get(SERVED_CALL), callerOf({ values })]).toEqual([call, caller]);
});
