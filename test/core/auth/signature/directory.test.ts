// Directories of agents.
import { describe, expect, it } from "vitest";
import { directoryKeysIn, directoryPath, thumbprintOf } from "../../../../core/auth/signature/directory.ts";

const X = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";
const key = (more: object = {}) => ({ kty: "OKP", crv: "Ed25519", x: X, ...more });

describe("the thumbprint of a key", () => {
  it.each([
    ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"], // RFC 8037, appendix A.3
    [X, "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"], // draft-meunier-web-bot-auth-architecture, appendix A
  ])("of %s is %s", (x, thumbprint) => {
    expect(thumbprintOf(x)).toBe(thumbprint);
  });
});

describe("a directory", () => {
  it("has its keys by their thumbprints, whatever it calls them, and no others", () => {
    const keys = [
      key({ kid: "mine", use: "sig", nbf: 1 }),
      key({ crv: "X25519" }),
      { kty: "RSA", n: "AQAB", e: "AQAB" },
      key({ x: "short" }),
    ];
    expect(directoryKeysIn({ keys, purpose: "rag" })).toEqual({
      kind: "ok",
      value: { keys: [{ kty: "OKP", crv: "Ed25519", x: X, kid: thumbprintOf(X) }] },
    });
  });

  it.each([
    [undefined, "is no JWK set"],
    [{ keys: {} }, "is no JWK set"],
    [{ keys: [] }, "has no public key"],
    [{ keys: [key({ d: "secret" })] }, "has no public key"],
    [{ keys: [{ kty: "RSA", n: "AQAB", e: "AQAB" }] }, "has no Ed25519 key"],
    [{ keys: Array.from({ length: 17 }, () => key()) }, "has more than 16 Ed25519 keys"],
  ])("is refused: %j %s", (published, problem) => {
    expect(directoryKeysIn(published)).toEqual({ kind: "invalid", problem: expect.stringContaining(problem) });
  });

  it("may have 16 keys, at its well-known path", () => {
    expect(directoryKeysIn({ keys: Array.from({ length: 16 }, () => key()) }).kind).toBe("ok");
    expect(directoryPath("https://a.example")).toBe("https://a.example/.well-known/http-message-signatures-directory");
  });
});
