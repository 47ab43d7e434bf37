// KeyService through the gateway: who may call it, what it stores and shows, and its errors.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hexOf } from "../../../../../core/auth/sha256.ts";
import { shardName, shardOf } from "../../../../../core/keys/key-shards.ts";
import { InvalidConfiguration } from "../../../../../workers/gateway/configure/configuration.ts";
import { adminCall, issue, KEYS_TOKEN, KeyWorld } from "../../../../support/api-keys.ts";

let logged: string[] = [];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, "warn").mockImplementation((line: unknown) => void logged.push(JSON.stringify(line)));
});
afterEach(() => void vi.restoreAllMocks());

describe("an issued key", () => {
  it("is shown once, and stored by its digest", async () => {
    const isolate = new KeyWorld().isolate();
    const settings = { owner: "acme", name: "Batch", plan: "pro", scopes: ["b", "a"], tags: ["team=x"], addresses: ["192.0.2.0/24"] };
    const { id, text } = await issue(isolate, settings);
    expect(text).toMatch(new RegExp(`^tg_test_${id}_[0-9A-Za-z]{40}$`));
    const stored = await env.KEY_STORE.getByName(shardName(shardOf(id))).get(id);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    expect(stored?.record).toMatchObject({
      digest: hexOf(digest),
      lastFour: text.slice(-4),
      createdBy: "secret:KEYS_TOKEN (ada)",
      ...settings,
      scopes: ["a", "b"],
    });
    const { body } = await adminCall(isolate, "GetKey", { id });
    expect(body).toMatchObject({
      id,
      state: "STATE_ACTIVE",
      lastFour: text.slice(-4),
      revision: "1",
      settings: { owner: "acme", plan: "pro" },
    });
    for (const shown of [JSON.stringify(stored), JSON.stringify(body), ...logged]) expect(shown).not.toContain(text.slice(-40, -4));
    expect(logged.some((line) => line.includes(`issued ${id} for acme`))).toBe(true);
  });

  it("is listed with all others, page by page, or with those of its owner", async () => {
    const isolate = new KeyWorld().isolate();
    const owner = `owner-${crypto.randomUUID()}`;
    const ids = new Set<string>();
    for (let n = 0; n < 7; n++) ids.add((await issue(isolate, { owner })).id);
    const listed: string[] = [];
    let [pageToken, pages] = ["", 0];
    do {
      const { body } = await adminCall(isolate, "ListKeys", { owner, pageSize: 3, pageToken });
      const page = body as unknown as { readonly keys: readonly { readonly id: string }[]; readonly nextPageToken?: string };
      listed.push(...page.keys.map(({ id }) => id));
      pageToken = page.nextPageToken ?? "";
      pages += 1;
    } while (pageToken !== "");
    expect([listed.length, new Set(listed), pages]).toEqual([7, ids, 3]);
    const { body } = await adminCall(isolate, "ListKeys", { pageSize: 500 });
    expect((body as unknown as { keys: object[] }).keys.length).toBeGreaterThanOrEqual(7);
  });

  it("is verified for other Workers", async () => {
    const isolate = new KeyWorld().isolate();
    const { id, text } = await issue(isolate, { plan: "pro", scopes: ["a"], addresses: ["192.0.2.0/24"] });
    const verify = async (message: object) => (await adminCall(isolate, "VerifyKey", message)).body;
    expect(await verify({ text, address: "192.0.2.1" })).toEqual({ isValid: true, id, owner: "acme", plan: "pro", scopes: ["a"] });
    expect(await verify({ text, address: "192.0.3.1" })).toEqual({});
    expect(await verify({ text })).toEqual({});
    expect(await verify({ text: `${text.slice(0, -1)}-` })).toEqual({});
  });

  it("changes by a mask, on the revision that is expected", async () => {
    const isolate = new KeyWorld().isolate();
    const { id } = await issue(isolate, { plan: "pro", expireTime: "2099-01-01T00:00:00Z" });
    const update = (message: object) => adminCall(isolate, "UpdateKey", { id, ...message });
    const changed = await update({ settings: { plan: "free", owner: "ignored" }, updateMask: "plan", expectedRevision: "1" });
    expect(changed.body).toMatchObject({
      key: { revision: "2", settings: { owner: "acme", plan: "free", expireTime: "2099-01-01T00:00:00Z" } },
    });
    expect((await update({ settings: { plan: "x" }, updateMask: "plan", expectedRevision: "1" })).body.code).toBe("aborted");
    const endless = await update({ settings: {}, updateMask: "expireTime" });
    expect(endless.body).toMatchObject({ key: { revision: "3", settings: { plan: "free" } } });
    expect(JSON.stringify(endless.body)).not.toContain("expireTime");
    expect((await update({ settings: { plan: "x" } })).body.code).toBe("invalid_argument");
    expect((await update({ settings: { plan: "/" }, updateMask: "plan" })).body.code).toBe("invalid_argument");
    expect((await update({ settings: {}, updateMask: "revision" })).body.code).toBe("invalid_argument");
  });
});

describe("a call of KeyService", () => {
  it.each<[string, object, string]>([
    ["IssueKey", {}, "invalid_argument"],
    ["IssueKey", { settings: { owner: "a b" } }, "invalid_argument"],
    ["IssueKey", { settings: { owner: "a", expireTime: "2001-01-01T00:00:00Z" } }, "invalid_argument"],
    ["GetKey", { id: "0123456789abcdef" }, "not_found"],
    ["GetKey", { id: "" }, "not_found"],
    ["UpdateKey", { id: "0123456789abcdef", settings: {}, updateMask: "plan" }, "not_found"],
    ["RollKey", { id: "0123456789abcdef" }, "not_found"],
    ["RollKey", { id: "0123456789abcdef", overlapSeconds: 2_592_001 }, "invalid_argument"],
    ["RevokeKey", { id: "x" }, "not_found"],
    ["ListKeys", { pageSize: 501 }, "invalid_argument"],
    ["ListKeys", { pageSize: -1 }, "invalid_argument"],
    ["ListKeys", { pageToken: "x" }, "invalid_argument"],
    ["ImportKeys", { keys: [{ sha256: "", settings: { owner: "a" } }] }, "failed_precondition"],
  ])("%s %j gets %s", async (method, message, code) => {
    expect((await adminCall(new KeyWorld().isolate(), method, message)).body.code).toBe(code);
  });

  it("imports digests of 32 bytes alone", async () => {
    const isolate = new KeyWorld().isolate({ importedPrefixes: ["sk_"] });
    const keys = (sha256: string) => ({ keys: [{ sha256, settings: { owner: "a" } }] });
    expect((await adminCall(isolate, "ImportKeys", keys("AAAA"))).body.code).toBe("invalid_argument");
    expect((await adminCall(isolate, "ImportKeys", { keys: [] })).body.code).toBe("invalid_argument");
  });

  it("needs a credential of an admin: an API key without the scope of a role is denied", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate();
    const { text } = await issue(isolate, { scopes: ["*"] });
    for (const token of ["", "x", KEYS_TOKEN.slice(1)]) expect((await adminCall(isolate, "ListKeys", {}, token)).status, token).toBe(401);
    expect(await adminCall(isolate, "ListKeys", {}, text)).toMatchObject({ status: 403, body: { code: "permission_denied" } });
  });

  it("ends a key for good", async () => {
    const isolate = new KeyWorld().isolate();
    const { id } = await issue(isolate);
    for (let call = 0; call < 2; call++)
      expect((await adminCall(isolate, "RevokeKey", { id })).body).toMatchObject({ key: { state: "STATE_REVOKED", revision: "2" } });
    expect((await adminCall(isolate, "RollKey", { id })).body.code).toBe("failed_precondition");
  });
});

it.each([
  [{ tagSecrets: ["SHORT"] }, "auth.keys.tagSecrets[0]"],
  [{ tagSecrets: ["MISSING"] }, "auth.keys.tagSecrets[0]"],
  [{ tokenBinding: "SHORT" }, "auth.keys.tokenBinding"],
  [{ tokenBinding: "KEY_STORE" }, "auth.keys.tokenBinding"],
])("does not start with %j", (keys, path) => {
  const start = () => new KeyWorld().isolate(keys);
  expect(start).toThrow(InvalidConfiguration);
  expect(start).toThrow(path);
});
