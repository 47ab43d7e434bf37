// What a failed call says about retries above it.
import { Code, ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { stoppedBelow } from "../../../../workers/client/mesh/stopped-below.ts";
import { markStopped } from "../../../../workers/service/mesh/retry-chain.ts";

async function isStoppedBy(reason: unknown): Promise<boolean> {
  const values = createContextValues();
  await expect(stoppedBelow(Promise.reject(reason), { values } as HandlerContext)).rejects.toBe(reason);
  const error = new ConnectError("a new error", Code.Unavailable);
  markStopped(error, values);
  return error.metadata.has("grpc-retry-pushback-ms");
}
const failed = (pushback?: string) =>
  new ConnectError("x", Code.Unavailable, pushback === undefined ? {} : { "grpc-retry-pushback-ms": pushback });

it("an error that forbids retries stops those above", async () => expect(await isStoppedBy(failed("-1"))).toBe(true));

it.each([failed(), failed("100"), new Error("x"), undefined])("%s stops none", async (reason) =>
  expect(await isStoppedBy(reason)).toBe(false),
);

it("a call that succeeds, or that is part of none, stays as it is", async () => {
  expect(await stoppedBelow(Promise.resolve(1), { values: createContextValues() } as HandlerContext)).toBe(1);
  await expect(stoppedBelow(Promise.reject(failed("-1")), undefined)).rejects.toMatchObject({ code: Code.Unavailable });
});
