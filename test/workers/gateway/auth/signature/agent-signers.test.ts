// Agents that sign their requests: Web Bot Auth.
import { afterEach, describe, expect, it, vi } from "vitest";
import { thumbprintOf } from "../../../../../core/auth/signature/directory.ts";
import { AgentDirectories } from "../../../../../workers/gateway/auth/signature/agent-directories.ts";
import { agentSigners } from "../../../../../workers/gateway/auth/signature/agent-signers.ts";
import { Nonces } from "../../../../../workers/gateway/auth/signature/nonces.ts";
import { signatureAuthenticator } from "../../../../../workers/gateway/auth/signature/signature.ts";
import { rest, unary } from "../../../../support/gateway.ts";
import { ED25519, type Signing, signed } from "../../../../support/signed-requests.ts";

const AGENT = "https://signature-agent.test";
const THUMBPRINT = thumbprintOf(ED25519.x);

function agents(keys: readonly object[] = [{ kty: "OKP", crv: "Ed25519", x: ED25519.x, kid: THUMBPRINT }]) {
  const policy = { directories: [AGENT], open: false, windowMs: 300_000, scopes: ["crawl"] };
  const directories = new AgentDirectories(policy, { add: () => undefined, require: () => undefined });
  const read = (now: number) =>
    directories.read({ issuers: { [`agent ${AGENT}`]: { kind: "changed", version: "1", ageMs: 0, jwks: { keys } } } } as never, now);
  const authenticator = signatureAuthenticator([agentSigners(policy, directories, new Nonces("isolate", undefined))]);
  const prove = async (request: Request, now = Date.now()) => {
    const { pathname: path, search: query } = new URL(request.url);
    const head = { request, outgoing: { path, query }, route: { method: undefined } } as never;
    const proof = await authenticator.prove(authenticator.find(head)!, head, now);
    return "reason" in proof ? proof.reason : proof;
  };
  return { read, prove };
}

const COVERED = ['"@authority"', '"signature-agent"'];
const bySigning = (more: Signing = {}): Signing => ({
  components: COVERED,
  headers: { "signature-agent": `"${AGENT}"` },
  ...more,
  parameters: { keyid: THUMBPRINT, tag: "web-bot-auth", ...more.parameters },
});

afterEach(() => void vi.useRealTimers());

describe("an agent", () => {
  it("is known by the example of the draft, which has its time", async () => {
    const { read, prove } = agents();
    const headers = {
      "signature-agent": `"${AGENT}"`,
      "signature-input": `sig2=("@authority" "signature-agent");created=1735689600;keyid="${THUMBPRINT}";alg="ed25519";expires=1735693200;nonce="e8N7S2MFd/qrd6T2R3tdfAuuANngKI7LFtKYI/vowzk4lAZYadIX6wW25MwG7DCT9RUKAJ0qVkU0mEeLElW1qg==";tag="web-bot-auth"`,
      signature: "sig2=:jdq0SqOwHdyHr9+r5jw3iYZH6aNGKijYp/EstF4RQTQdi5N5YYKrD+mCT1HA1nZDsi6nJKuHxUi/5Syp3rLWBA==:",
    };
    const request = new Request("https://example.com/path/to/resource", { headers });
    read(1_735_689_600_000);
    expect(await prove(request, 1_735_689_600_000)).toEqual({
      ...{ kind: "agent", id: `agent:${THUMBPRINT}`, issuer: AGENT, scopes: ["crawl"], claims: {} },
      expiresAt: 1_735_689_900_000,
    });
    expect(await prove(request, 1_735_689_900_000)).toBe("signature_expired");
  });

  it("may name itself in a member that its signature covers", async () => {
    const { read, prove } = agents();
    read(Date.now());
    const signing = bySigning({
      components: ['"@authority"', '"signature-agent";key="me"'],
      headers: { "signature-agent": `me="${AGENT}"` },
      values: { '"signature-agent";key="me"': `"${AGENT}"` },
    });
    expect(await prove(await signed(rest("GET", "/a"), signing))).toMatchObject({ kind: "agent" });
  });

  it("cannot be decided before its directory has been fetched", async () => {
    expect(await agents().prove(await signed(rest("GET", "/a"), bySigning()))).toBe("signature_keys_unavailable");
  });

  it.each<[string, Signing, string]>([
    ["another tag", { parameters: { tag: "other" } }, "signature_tag"],
    ["no tag", { parameters: { tag: undefined } }, "signature_tag"],
    ["an agent that nothing covers", { components: ['"@authority"'] }, "signature_agent"],
    ["no host", { components: ['"signature-agent"'] }, "signature_component_missing"],
    ["no agent", { headers: {} }, "signature_component_absent"],
    ["an agent that is not listed", { headers: { "signature-agent": '"https://other.test"' } }, "signature_agent"],
    ["an agent without TLS", { headers: { "signature-agent": '"http://signature-agent.test"' } }, "signature_agent"],
    ["a key that its directory does not have", { parameters: { keyid: "other" } }, "signature_key_unknown"],
    ["another key", { key: { secret: btoa("x".repeat(32)) } }, "signature_invalid"],
    ["the algorithm of a secret", { parameters: { alg: "hmac-sha256" } }, "signature_algorithm"],
  ])("is refused with %s", async (_, signing, reason) => {
    const { read, prove } = agents();
    read(Date.now());
    expect(await prove(await signed(rest("GET", "/a"), bySigning(signing)))).toBe(reason);
  });

  it("covers the digest of a body", async () => {
    const { read, prove } = agents();
    read(Date.now());
    expect(await prove(await signed(unary("GetUser"), bySigning()))).toBe("signature_component_missing");
    const covered = bySigning({ components: [...COVERED, '"content-digest"'] });
    expect(await prove(await signed(unary("GetUser"), covered))).toMatchObject({ kind: "agent" });
  });

  it("is refused with a key that is no point of the curve", async () => {
    const { read, prove } = agents([{ kty: "OKP", crv: "Ed25519", x: "_".repeat(43), kid: THUMBPRINT }]);
    read(Date.now());
    expect(["signature_key_unknown", "signature_invalid"]).toContain(await prove(await signed(rest("GET", "/a"), bySigning())));
  });
});
