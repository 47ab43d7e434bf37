// Bodies of signed requests, compared with their digests.
import { expect, it, vi } from "vitest";
import { parseContentDigest } from "../../../../core/auth/signature/content-digest.ts";
import { ENFORCED } from "../../../../core/config/enforcement.ts";
import { Rejected } from "../../../../core/rejection.ts";
import { AuthFailures } from "../../../../workers/gateway/auth/failures.ts";
import type { RequestBody } from "../../../../workers/gateway/call/outgoing.ts";
import { checkDigest } from "../../../../workers/gateway/layers/check-digest.ts";
import { digestOf } from "../../../support/signed-requests.ts";

const parts = { failures: new AuthFailures(), challenge: () => undefined, digest: ENFORCED };
const layer = checkDigest({ ...parts, authenticators: [{ name: "signature" }] })!;
const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

/** Whether a call with this body passes. */
async function passes(body: RequestBody, digest: string | undefined): Promise<boolean> {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const digests = digest === undefined ? undefined : parseContentDigest(digest);
  const call = { digests, outgoing: { body }, caller: { network: "unknown" }, id: "", route: { name: "" } };
  try {
    await layer(() => Promise.resolve(new Response()))(call as never);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(Rejected);
    expect((error as Rejected).rejection).toMatchObject({ kind: "unauthenticated" });
    return false;
  } finally {
    vi.restoreAllMocks();
  }
}

it("takes the principal of a call away whose body is not the one that was signed, where that is only reported", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const reporting = checkDigest({ ...parts, digest: { mode: "report", percent: 100 }, authenticators: [{ name: "signature" }] })!;
  for (const [body, principal] of [
    ["text", "ada"],
    ["texu", undefined],
  ] as const) {
    const facts = { caller: { network: "unknown" }, callerKey: "ada", id: "r-1", route: { name: "digest-report" } };
    const call = { digests: parseContentDigest(await digestOf("text")), outgoing: { body: bytes(body) }, principal: "ada", ...facts };
    await reporting(() => Promise.resolve(new Response()))(call as never);
    expect(call.principal).toBe(principal);
  }
  expect(warn.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
    expect.objectContaining({ event: "would_refuse", policy: "digest", reason: "signature_digest_mismatch" }),
  ]);
  expect(checkDigest({ ...parts, digest: { mode: "off", percent: 100 }, authenticators: [{ name: "signature" }] })).toBeUndefined();
  vi.restoreAllMocks();
});

it("is not there where no requests are signed", () => {
  expect(checkDigest({ ...parts, authenticators: [{ name: "jwt" }] })).toBeUndefined();
});

it("lets calls pass whose body is the one that was signed, and those that are not signed", async () => {
  for (const algorithm of ["SHA-256", "SHA-512"] as const) {
    expect(await passes(bytes("text"), await digestOf("text", algorithm))).toBe(true);
    expect(await passes(bytes("texu"), await digestOf("text", algorithm))).toBe(false);
    expect(await passes(bytes(""), await digestOf("text", algorithm))).toBe(false);
  }
  expect(await passes(null, await digestOf(""))).toBe(true);
  expect(await passes(null, await digestOf("text"))).toBe(false);
  expect(await passes(new Response("text").body, undefined)).toBe(true);
});

it("refuses a body that has not been read", async () => {
  expect(await passes(new Response("text").body, await digestOf("text"))).toBe(false);
});

it("compares all digests", async () => {
  const [one, other] = [await digestOf("text"), await digestOf("text", "SHA-512")];
  expect(await passes(bytes("text"), `${one}, ${other}`)).toBe(true);
  expect(await passes(bytes("text"), `${one}, ${await digestOf("other", "SHA-512")}`)).toBe(false);
  expect(await passes(bytes("text"), `${await digestOf("other")}, ${other}`)).toBe(false);
});
