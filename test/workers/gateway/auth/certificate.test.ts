// TLS client certificates, as the edge reports them.
import { expect, it } from "vitest";
import { isFailure } from "../../../../workers/gateway/auth/authenticator.ts";
import { certificateAuthenticator } from "../../../../workers/gateway/auth/certificate.ts";
import { certificateOf, isFromEdge, standingFor } from "../../../../workers/gateway/auth/edge.ts";
import { httpCall } from "../../../support/cache-lookup.ts";

const FINGERPRINT = "ab".repeat(32);
const GOOD = {
  ...{ certPresented: "1", certVerified: "SUCCESS", certRevoked: "0", certFingerprintSHA256: FINGERPRINT },
  certNotAfter: "Dec 22 19:39:00 2099 GMT",
};
const requestWith = (tlsClientAuth: object | undefined, colo: string | undefined = "AMS") =>
  new Request("https://gateway.example/a", { cf: { ...(colo !== undefined && { colo }), tlsClientAuth } } as RequestInit);

function prove(tlsClientAuth: object) {
  const authenticator = certificateAuthenticator();
  const call = httpCall("/a", { cf: { colo: "AMS", tlsClientAuth } } as RequestInit);
  const credential = authenticator.find(call);
  return credential && (authenticator.prove(credential, call, 0) as object);
}

it("proves the caller of a certificate that is verified and not revoked", () => {
  expect(prove(GOOD)).toEqual({
    kind: "certificate",
    id: `cert:${FINGERPRINT}`,
    scopes: [],
    claims: {},
    expiresAt: Date.UTC(2099, 11, 22, 19, 39),
  });
  expect(prove({ ...GOOD, certFingerprintSHA256: FINGERPRINT.toUpperCase() })).toMatchObject({ id: `cert:${FINGERPRINT}` });
  expect(prove({ ...GOOD, certNotAfter: "x" })).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
});

it.each([
  [{ certVerified: "FAILED:self signed certificate" }, "certificate_not_verified"],
  [{ certVerified: "NONE" }, "certificate_not_verified"],
  [{ certVerified: undefined }, "certificate_not_verified"],
  [{ certRevoked: "1" }, "certificate_revoked"],
  [{ certRevoked: undefined }, "certificate_not_verified"],
  [{ certFingerprintSHA256: "" }, "certificate_not_verified"],
  [{ certFingerprintSHA256: "ab" }, "certificate_not_verified"],
  [{ certFingerprintSHA256: undefined }, "certificate_not_verified"],
])("refuses one with %j", (more, reason) => expect(prove({ ...GOOD, ...more })).toEqual({ kind: "unauthenticated", reason }));

it("is none where none was presented, and on requests that the edge has not received", () => {
  expect([prove({ certPresented: "0" }), prove({})]).toEqual([undefined, undefined]);
  expect(certificateOf(new Request("https://gateway.example/a"))).toBeUndefined();
  for (const colo of [undefined, ""]) {
    const request = new Request("https://gateway.example/a", { cf: { colo, tlsClientAuth: GOOD } } as RequestInit);
    expect([isFromEdge(request), certificateOf(request)]).toEqual([false, undefined]);
  }
});

it("is that of the request from which another one was made", () => {
  const original = requestWith(GOOD);
  const made = standingFor(new Request("https://gateway.example/a"), original);
  expect(certificateOf(standingFor(new Request("https://gateway.example/b"), made))).toMatchObject({ certFingerprintSHA256: FINGERPRINT });
  expect(isFailure({ kind: "unauthenticated", reason: "certificate_revoked" })).toBe(true);
});
