// What may be registered: each field at its bounds, and addresses that the gateway may call.
import { describe, expect, it } from "vitest";
import type { AddressRules } from "../../../core/registry/endpoint-url.ts";
import { parseRegistration, type RegistrationInput } from "../../../core/registry/registration.ts";

const RULES: AddressRules = {
  isLocal: true,
  allowPrivate: false,
  allowIpAddresses: false,
  allowHttp: false,
  allowPorts: [443, 8_443],
  ownHosts: [],
  partsOf: (url) => URL.parse(url) ?? undefined,
};
const INPUT: RegistrationInput = { id: "a", url: "https://a.example" };
const parse = (more: Partial<RegistrationInput>, rules: Partial<AddressRules> = {}) =>
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
    [{ url: `https://a.example${"/".repeat(65_536)}x` }, "url: write http(s)://host, with a port and a path if needed"],
    [{ url: "https://10.0.0.1" }, "url: this is an address of a private network; registry.allowPrivate allows it"],
  ])("refuses %j", (more, problem) => expect(parse(more)).toEqual({ problems: [problem] }));

  it("accepts each bound, and private addresses if they are allowed", () => {
    const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`${n}`.padEnd(64, "x"), "b".repeat(256)]));
    const bounds = { id: "a".repeat(64), weight: 1_000, priority: 15, leaseMs: 3_600_000, zone: "z".repeat(64), metadata };
    expect(parse(bounds)).toMatchObject(bounds);
    expect(parse({ weight: 1, leaseMs: 1_000, url: `https://a.example/${"a".repeat(2_030)}` })).toMatchObject({ leaseMs: 1_000 });
    expect(parse({ url: "http://localhost:8080" }, { allowPrivate: true })).toMatchObject({ url: "http://localhost:8080" });
    expect(parse({ id: "", weight: -1, url: "x" })).toMatchObject({ problems: { length: 3 } });
  });
});
