// Directories of agents as a relay reads them. Their hosts are public names with TLS, so the response stands in for them.
import { afterEach, expect, it, vi } from "vitest";
import { thumbprintOf } from "../../../core/auth/signature/directory.ts";
import { fetchIssuerKeys } from "../../../durable-objects/relay/fetch-issuer.ts";

afterEach(() => void vi.restoreAllMocks());

const URL = "https://agent.example/.well-known/http-message-signatures-directory";
const X = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";
const KEYS = { keys: [{ kty: "OKP", crv: "Ed25519", x: X }] };

function read(response: Response) {
  const fetched = vi.spyOn(globalThis, "fetch").mockResolvedValue(response);
  return { fetched, keys: fetchIssuerKeys({ issuer: "agent https://agent.example", source: { kind: "directory", url: URL } }) };
}

it("has its keys by thumbprint, and is requested without following redirects", async () => {
  const { fetched, keys } = read(Response.json(KEYS));
  expect((await keys).keys.map(({ kid }) => kid)).toEqual([thumbprintOf(X)]);
  expect(fetched).toHaveBeenCalledExactlyOnceWith(URL, expect.objectContaining({ redirect: "manual" }));
});

it.each([
  ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://other.example" } }), "status 302"],
  ["HTML", () => new Response("<html>", { headers: { "content-type": "text/html" } }), "is no JSON, but text/html"],
  ["no Ed25519 key", () => Response.json({ keys: [{ kty: "RSA", n: "AQAB", e: "AQAB" }] }), "has no Ed25519 key"],
  ["more than 64 KiB", () => Response.json({ ...KEYS, note: "x".repeat(65_536) }), "is larger than 65536 bytes"],
])("is refused with %s", async (_, response, problem) => {
  await expect(read(response()).keys).rejects.toThrow(problem);
});

it("may have 64 KiB", async () => {
  const text = JSON.stringify({ ...KEYS, note: "" });
  const padded = JSON.stringify({ ...KEYS, note: "x".repeat(65_536 - text.length) });
  expect((await read(new Response(padded)).keys).keys).toHaveLength(1);
});
