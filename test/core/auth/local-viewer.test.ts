// Which requests come from a user of this machine.
import { describe, expect, it } from "vitest";
import { comesFromThisMachine } from "../../../core/auth/local-viewer.ts";

const from = (url: string, headers: Record<string, string> = {}) => comesFromThisMachine(url, new Headers(headers));

describe("a request comes from this machine", () => {
  it.each([
    "http://localhost:8787/metrics",
    "http://LOCALHOST:8787/metrics",
    "http://127.0.0.1:8787/metrics",
    "http://127.9.0.1/metrics",
    "http://[::1]:8787/metrics",
    "http://localhost:8787",
    "https://localhost:8787/?a",
  ])("at %s", (url) => expect(from(url)).toBe(true));

  // A page whose name has been made to resolve to 127.0.0.1 sends its own name.
  it.each([
    "http://evil.example:8787/metrics",
    "http://localhost.evil.example:8787/metrics",
    "http://127.0.0.1.nip.io:8787/metrics",
    "http://127.0.0.1.evil.example/metrics",
    "http://evil.localhost:8787/metrics",
    "http://192.168.1.7:8787/metrics",
    "http://0.0.0.0:8787/metrics",
    "http://[::ffff:10.0.0.1]:8787/metrics",
    "http://evil.example/http://localhost:8787/metrics",
    "http://localhost@evil.example/metrics",
    "http://1270.0.0.1/metrics",
    "ftp://localhost/metrics",
    "",
  ])("not at %s", (url) => expect(from(url)).toBe(false));

  it.each<[Record<string, string>, boolean]>([
    [{ "sec-fetch-site": "same-origin" }, true],
    [{ "sec-fetch-site": "none" }, true],
    [{ "sec-fetch-site": "same-site" }, false], // a page of another port of this machine
    [{ "sec-fetch-site": "cross-site" }, false],
    [{ origin: "http://localhost:8787" }, true],
    [{ origin: "http://localhost:3000" }, false],
    [{ origin: "http://evil.example" }, false],
    [{ origin: "null" }, false],
  ])("by what browsers say: %j is %s", (headers, want) => expect(from("http://localhost:8787/metrics", headers)).toBe(want));

  it.each(["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"])("not through a proxy, which adds %s", (name) => {
    expect(from("http://localhost:8787/metrics", { [name]: "127.0.0.1" })).toBe(false);
  });
});
