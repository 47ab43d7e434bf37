// Keys of a gateway: when they are fetched, how often at most, and what holds while they cannot be.
import { afterEach, describe, expect, it, vi } from "vitest";
import { KEY_TIMES, PublishedKeys } from "../../../../workers/service/identity/published-keys.ts";
import { identityKey, keySetOf, type TestKey } from "../../../support/identity.ts";

const URL_OF_KEYS = "https://gateway.example/.well-known/tidegate/jwks.json";
const one = await identityKey("one");
const two = await identityKey("two");
let responses: (() => Response | Promise<Response>)[] = [];
const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
  const next = responses.length > 1 ? responses.shift()! : responses[0]!;
  return next();
});
vi.spyOn(console, "warn").mockImplementation(() => undefined);

function keysFrom(...given: (() => Response | Promise<Response>)[]): PublishedKeys {
  responses = given;
  fetched.mockClear();
  vi.useFakeTimers({ toFake: ["Date"], now: 1_796_000_000_000 });
  return new PublishedKeys(URL_OF_KEYS);
}
afterEach(() => vi.useRealTimers());
const passes = (ms: number) => vi.setSystemTime(Date.now() + ms);
const set =
  (...keys: TestKey[]) =>
  () =>
    new Response(keySetOf(...keys));

describe("published keys", () => {
  it("are fetched once, at first use", async () => {
    const keys = keysFrom(set(one));
    expect(fetched).not.toHaveBeenCalled();
    const found = await keys.find("one");
    expect(found).toBeInstanceOf(CryptoKey);
    expect(await keys.find("one")).toBe(found);
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(fetched.mock.calls[0]).toEqual([URL_OF_KEYS, expect.objectContaining({ redirect: "manual" })]);
  });

  it("are fetched again for an unknown id, at most once in ten seconds: ids are what callers write", async () => {
    const keys = keysFrom(set(one));
    await keys.find("one");
    for (let n = 0; n < 100; n++) expect(await keys.find(`made up ${n}`)).toBeUndefined();
    expect(fetched).toHaveBeenCalledTimes(1);
    passes(KEY_TIMES.attemptMs - 1);
    await keys.find("two");
    expect(fetched).toHaveBeenCalledTimes(1);
    responses = [set(one, two)];
    passes(1);
    expect(await keys.find("two")).toBeInstanceOf(CryptoKey);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("are fetched in the background when they are five minutes old", async () => {
    const keys = keysFrom(set(one), set(two));
    await keys.find("one");
    passes(KEY_TIMES.refreshMs - 1);
    await keys.find("one");
    expect(fetched).toHaveBeenCalledTimes(1);
    passes(1);
    expect(await keys.find("one")).toBeInstanceOf(CryptoKey); // from the set that it has
    await vi.waitFor(async () => expect(await keys.find("one")).toBeUndefined()); // a key that is gone verifies nothing
    expect(await keys.find("two")).toBeInstanceOf(CryptoKey);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("hold for an hour while the gateway cannot be reached", async () => {
    const keys = keysFrom(set(one), () => Promise.reject(new Error("network")));
    await keys.find("one");
    passes(KEY_TIMES.staleMs - 1);
    expect(await keys.find("one")).toBeInstanceOf(CryptoKey);
    passes(1);
    expect(await keys.find("one")).toBe("unavailable");
  });

  it.each([
    ["a status", () => new Response(keySetOf(one), { status: 500 })],
    ["a redirect", () => Response.redirect("https://evil.example", 302)],
    ["HTML", () => new Response("<html>")],
    ["another JSON", () => new Response('{"keys":{}}')],
    ["65,537 bytes", () => new Response(`${keySetOf(one)}${" ".repeat(65_537 - keySetOf(one).length)}`)],
    ["a network error", () => Promise.reject(new Error("network"))],
  ])("are not known after %s", async (_, response) => {
    const keys = keysFrom(response);
    expect(await keys.find("one")).toBe("unavailable");
    responses = [set(one)];
    expect(await keys.find("one")).toBe("unavailable"); // no crowd on a gateway that is down
    passes(KEY_TIMES.attemptMs);
    expect(await keys.find("one")).toBeInstanceOf(CryptoKey);
  });

  it("of 65,536 bytes are read", async () => {
    const keys = keysFrom(() => new Response(`${keySetOf(one)}${" ".repeat(65_536 - keySetOf(one).length)}`));
    expect(await keys.find("one")).toBeInstanceOf(CryptoKey);
  });

  it("are waited for by calls that come while they are fetched", async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const keys = keysFrom(() => promise);
    const found = [keys.find("one"), keys.find("one"), keys.find("one")];
    resolve(new Response(keySetOf(one)));
    expect((await Promise.all(found)).every((key) => key instanceof CryptoKey)).toBe(true);
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it("that are written out are never fetched", async () => {
    fetched.mockClear();
    const keys = new PublishedKeys(keySetOf(one));
    expect(await keys.find("one")).toBeInstanceOf(CryptoKey);
    expect(await keys.find("two")).toBeUndefined();
    expect(fetched).not.toHaveBeenCalled();
  });

  it("that are written out and are none are a mistake of the Worker", () => {
    for (const text of ["{", '{"keys":1}']) expect(() => new PublishedKeys(text)).toThrow("identity.keys is no JSON set of public keys");
  });
});
