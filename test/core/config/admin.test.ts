// The settings of the admin services: their secrets, and how soon isolates learn of changes.
import { describe, expect, it } from "vitest";
import {
  BREAKER_ADMIN_SETTINGS,
  PURGE_SETTINGS,
  type PurgePolicy,
  parseAdmin,
  REGISTRY_SETTINGS,
  type RegistryPolicy,
} from "../../../core/config/admin.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { readOptional } from "../../../core/config/read.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

const parsePurge = (check: Checks, value: unknown) => readOptional(check, "purge", PURGE_SETTINGS, value);
const parseRegistry = (check: Checks, value: unknown) => readOptional(check, "registry", REGISTRY_SETTINGS, value);
const parseBreakerAdmin = (check: Checks, value: unknown) => readOptional(check, "breakers", BREAKER_ADMIN_SETTINGS, value);
const show = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

describe.each([
  ["purge", parsePurge, "CACHE_TOKEN"],
  ["registry", parseRegistry, "REGISTRY_TOKEN"],
] as const)("the secret of %s", (path, parser, example) => {
  it("is named by its binding; without the setting there is none", () => {
    expect(accepted<unknown>(parser, undefined)).toBeUndefined();
    for (const tokenBinding of ["A", "_a1"]) expect(accepted<unknown>(parser, { tokenBinding })).toMatchObject({ tokenBinding });
    for (const tokenBinding of ["", "1A", "A-B", "A B", 7])
      expect(parsed<unknown>(parser, { tokenBinding }).problems).toEqual([
        `${path}.tokenBinding: found ${show(tokenBinding)}; write the name of a secret: "${example}"`,
      ]);
  });
});

it("is off where no admin block is written, and has nobody by name in an empty one", () => {
  const parser = (check: Checks, value: unknown) => parseAdmin(check, "admin", value);
  expect(accepted(parser, undefined)).toBeUndefined();
  expect(parsed(parser, {}).policy).toEqual({ secretBinding: undefined, host: undefined, roles: new Map() });
});

describe("purging", () => {
  const of = (field: keyof PurgePolicy) => ({ field, read: (policy: PurgePolicy | undefined) => policy?.[field] });
  const base = { tokenBinding: "T" };
  itReadsNumbers(
    parsePurge,
    "purge",
    [
      { ...of("pollMs"), min: 100, max: 600_000, fallback: 5_000, unit: "ms" },
      { ...of("waitMs"), min: 1, max: 10_000, fallback: 250, unit: "ms" },
    ],
    base,
  );
  itReadsChoices(parsePurge, "purge", [{ ...of("strict"), choices: [true, false], fallback: false }], base);
  itKnowsItsFields(parsePurge, "purge", ["tokenBinding", "pollMs", "strict", "waitMs"], base);
});

describe("the registry", () => {
  const of = (field: keyof RegistryPolicy) => ({ field, read: (policy: RegistryPolicy | undefined) => policy?.[field] });
  const base = { tokenBinding: "T" };
  itReadsNumbers(parseRegistry, "registry", [{ ...of("pollMs"), min: 100, max: 600_000, fallback: 5_000, unit: "ms" }], base);
  const allowed = (["allowPrivate", "allowIpAddresses", "allowHttp"] as const).map((field) => ({
    ...of(field),
    choices: [true, false],
    fallback: false,
  }));
  itReadsChoices(parseRegistry, "registry", allowed, base);
  const fields = ["tokenBinding", "allowPrivate", "allowIpAddresses", "allowHttp", "allowPorts", "ownHosts", "pollMs"];
  itKnowsItsFields(parseRegistry, "registry", fields, base);

  it("knows the ports of public hosts", () => {
    expect(accepted(parseRegistry, base)?.allowPorts).toEqual([443, 8_443]);
    for (const allowPorts of [[], [1, 65_535], Array(100).fill(443)])
      expect(accepted(parseRegistry, { ...base, allowPorts })?.allowPorts).toEqual(allowPorts);
    for (const refused of [443, [0], [65_536], [1.5], ["443"], Array(101).fill(443)]) {
      const { policy, problems } = parsed(parseRegistry, { ...base, allowPorts: refused });
      expect(problems).toEqual([`registry.allowPorts: found ${show(refused)}; write a list of at most 100 ports: [443, 8443]`]);
      expect(policy?.allowPorts).toEqual([443, 8_443]);
    }
  });

  it("knows the hosts of the gateway", () => {
    expect(accepted(parseRegistry, base)?.ownHosts).toEqual([]);
    const ownHosts = ["api.example.com", "localhost:8787", "a-b_c", "[::1]:8787", "bücher.example."];
    expect(accepted(parseRegistry, { ...base, ownHosts })?.ownHosts).toEqual(ownHosts);
    for (const refused of ["a.example", ["a b"], ["a", ""], [7], ["https://a"], ["a@b"], Array(101).fill("a")]) {
      const { policy, problems } = parsed(parseRegistry, { ...base, ownHosts: refused });
      expect(problems).toEqual([`registry.ownHosts: found ${show(refused)}; write a list of at most 100 hosts: ["api.example.com"]`]);
      expect(policy?.ownHosts).toEqual([]);
    }
  });
});

describe("the operator of breakers", () => {
  it("is named by the binding of a secret", () => {
    expect(accepted(parseBreakerAdmin, undefined)).toBeUndefined();
    for (const tokenBinding of ["OPERATOR_TOKEN", "_x", "a1"])
      expect(accepted(parseBreakerAdmin, { tokenBinding })).toEqual({ tokenBinding });
    for (const tokenBinding of ["", "1A", "A-B", "A B", 7])
      expect(parsed(parseBreakerAdmin, { tokenBinding }).problems).toEqual([
        `breakers.tokenBinding: found ${JSON.stringify(tokenBinding)}; write the name of a secret: "OPERATOR_TOKEN"`,
      ]);
  });
  itKnowsItsFields(parseBreakerAdmin, "breakers", ["tokenBinding"]);
});
