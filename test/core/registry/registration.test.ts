// What may be registered: each field at its bounds, and addresses that the gateway may call.
import { describe, expect, it } from "vitest";
import { isPrivate, parseRegistration, type RegistrationInput, type RegistrationRules } from "../../../core/registry/registration.ts";

const RULES: RegistrationRules = { allowPrivate: false, ownHosts: ["Gateway.Example"], hostOf: (url) => URL.parse(url) ?? undefined };
const INPUT: RegistrationInput = { id: "a", url: "https://a.example" };
const parse = (more: Partial<RegistrationInput>, rules: Partial<RegistrationRules> = {}) =>
  parseRegistration({ ...INPUT, ...more }, { ...RULES, ...rules });

describe("parseRegistration", () => {
  it("fills in defaults", () => {
    const want = { id: "a", url: "https://a.example", weight: 1, priority: 0, zone: "", metadata: {}, leaseMs: 15_000 };
    expect(parse({})).toEqual(want);
    expect(parse({ weight: 0, leaseMs: 0, url: "https://a.example//" })).toEqual(want);
  });

  it.each([
    [{ id: "" }, "id: write 1 to 64 letters, digits, '-', '_' or '.'"],
    [{ id: "a".repeat(65) }, "id: write 1 to 64 letters, digits, '-', '_' or '.'"],
    [{ id: "a b" }, "id: write 1 to 64 letters, digits, '-', '_' or '.'"],
    [{ weight: -1 }, "weight: write a whole number from 1 to 1000"],
    [{ weight: 1_001 }, "weight: write a whole number from 1 to 1000"],
    [{ weight: 1.5 }, "weight: write a whole number from 1 to 1000"],
    [{ priority: -1 }, "priority: write a whole number from 0 to 15"],
    [{ priority: 16 }, "priority: write a whole number from 0 to 15"],
    [{ leaseMs: 999 }, "lease_ms: write a whole number from 1000 to 3600000"],
    [{ leaseMs: 3_600_001 }, "lease_ms: write a whole number from 1000 to 3600000"],
    [{ zone: "a".repeat(65) }, "zone: write at most 64 characters"],
    [
      { metadata: { ["a".repeat(65)]: "" } },
      "metadata: write at most 16 entries, with names of up to 64 and values of up to 256 characters",
    ],
    [{ metadata: { a: "b".repeat(257) } }, "metadata: write at most 16 entries, with names of up to 64 and values of up to 256 characters"],
    [
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`${n}`, ""])) },
      "metadata: write at most 16 entries, with names of up to 64 and values of up to 256 characters",
    ],
    [{ url: "a.example" }, "url: write http(s)://host, with a port and a path if needed"],
    [{ url: "https://a?b" }, "url: write http(s)://host, with a port and a path if needed"],
    [{ url: `https://a.example/${"a".repeat(2_031)}` }, "url: write http(s)://host, with a port and a path if needed"],
    [{ url: "https://gateway.example/x" }, "url: this is the gateway itself; write the address of the server"],
    [{ url: "https://10.0.0.1" }, "url: this is an address of a private network; registry.allowPrivate allows it"],
  ])("refuses %j", (more, problem) => expect(parse(more)).toEqual({ problems: [problem] }));

  it("accepts each bound, and private addresses if they are allowed", () => {
    const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`${n}`.padEnd(64, "x"), "b".repeat(256)]));
    const bounds = { id: "a".repeat(64), weight: 1_000, priority: 15, leaseMs: 3_600_000, zone: "z".repeat(64), metadata };
    expect(parse(bounds)).toMatchObject(bounds);
    expect(parse({ weight: 1, leaseMs: 1_000, url: `https://a.example/${"a".repeat(2_030)}` })).toMatchObject({ leaseMs: 1_000 });
    expect(parse({ url: "http://localhost:8080" }, { allowPrivate: true })).toMatchObject({ url: "http://localhost:8080" });
    expect(parse({ url: "https://gateway.example:8443" })).toMatchObject({ id: "a" }); // another port is another host
    expect(parse({ id: "", weight: -1, url: "x" })).toMatchObject({ problems: { length: 3 } });
  });

  it.each([
    "http://127.0.0.1",
    "http://0x7f.1",
    "http://[::ffff:10.0.0.1]:80",
    "http://169.254.169.254/latest",
    "http://localhost:1",
    "http://metadata.google.internal",
  ])("refuses %s as private", (url) =>
    expect(parse({ url })).toEqual({ problems: ["url: this is an address of a private network; registry.allowPrivate allows it"] }),
  );

  it.each(["https://user:secret@a.example", "ftp://a.example"])("refuses %s as an address", (url) =>
    expect(parse({ url })).toEqual({ problems: ["url: write http(s)://host, with a port and a path if needed"] }),
  );

  it("accepts public addresses with port and path, without the slash at the end", () => {
    expect(parse({ url: "http://203.0.113.9:9000/base/" })).toMatchObject({ url: "http://203.0.113.9:9000/base" });
  });

  it("accepts only https at port 443 for native gRPC", () => {
    const native = (url: string) => parse({ url }, { isNativeGrpc: true });
    expect(native("https://a.example")).toMatchObject({ url: "https://a.example" });
    for (const url of ["http://a.example", "https://a.example:8443"])
      expect(native(url)).toEqual({ problems: ["url: write https:// and port 443, the service is called in native gRPC"] });
  });
});

describe("isPrivate", () => {
  it.each([
    ["0.1.2.3", true],
    ["10.1.2.3", true],
    ["100.64.0.1", true],
    ["100.128.0.1", false],
    ["127.0.0.1", true],
    ["169.254.1.1", true],
    ["172.16.0.1", true],
    ["172.32.0.1", false],
    ["192.0.0.1", true],
    ["192.0.2.1", false],
    ["192.168.1.1", true],
    ["198.18.0.1", true],
    ["198.20.0.1", false],
    ["224.0.0.1", true],
    ["255.255.255.255", true],
    ["8.8.8.8", false],
    ["example.com", false],
    ["2606:4700::1111", false],
    ["[::]", true],
    ["[::1]", true],
    ["[::2]", false],
    ["[64:ff9b::1]", true],
    ["[fc00::1]", true],
    ["[fdff::1]", true],
    ["[fe80::1]", true],
    ["[ff02::1]", true],
    ["[2606:4700::1]", false],
    ["[::ffff:10.0.0.1]", true],
    ["localhost", true],
    ["printer", true],
    ["a.localhost", true],
    ["a.local", true],
    ["a.internal", true],
    ["a.home.arpa", true],
    ["a.internal.", true],
    ["a.example", false],
    ["local.example", false],
    ["a.localx", false],
    ["xlocal.example.com", false],
  ] as const)("tells whether %s is a private address: %j", (hostname, want) => expect(isPrivate(hostname)).toBe(want));
});
