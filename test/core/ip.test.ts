// The key by which calls from an address are counted.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressKey, isAddress } from "../../core/ip.ts";

describe("addressKey", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:0002::9", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8::", "2001:db8:0:0::/64"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
  ])("counts %s as %s", (address, caller) => {
    expect(addressKey(address)).toBe(caller);
  });

  it.each([
    null,
    "",
    "1.1.1.1, 2.2.2.2",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3",
    "::1::",
    "1:2:3:4:5:6:7:8:9",
    "g::1",
    "1:2:3:4:5:6:7",
    "fe80::1%eth0",
    "localhost",
  ])("counts %j as unknown, like every caller without an address", (address) => {
    expect(addressKey(address)).toBe("unknown");
  });

  it("gives every address of one /64 the same name, and those of another a different one", () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.ipV6(), (a, b) => {
        const [left, right] = [a, b].map((address) => new URL(`http://[${address}]`).hostname);
        const expand = (host: string) => addressKey(host.slice(1, -1));
        expect(expand(left!)).toBe(addressKey(a));
        expect(expand(right!)).toBe(addressKey(b));
      }),
    );
  });
});

describe("Workers of other zones, which share one address", () => {
  const SHARED = "2a06:98c0:3600::103";
  it.each([
    [SHARED, "one.example", "worker:one.example"],
    ["2A06:98C0:3600:0:0:0:0:103", " One.Example ", "worker:one.example"],
    [SHARED, null, "worker:unknown"],
    [SHARED, "z".repeat(500), `worker:${"z".repeat(128)}`],
    ["2a06:98c0:3600::104", "one.example", "2a06:98c0:3600:0::/64"],
    ["192.0.2.7", "one.example", "192.0.2.7"],
  ])("H04: %s of %j counts as %s", (address, worker, key) => expect(addressKey(address, worker)).toBe(key));
});

it.each(["1.2.3.4", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1.2.3.4"])("takes %s for an address", (text) =>
  expect(isAddress(text)).toBe(true),
);
it.each(["", "1.2.3", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1", "1.1.1.1, 2.2.2.2", ":::", "1::2::3"])("takes %j for none", (text) =>
  expect(isAddress(text)).toBe(false),
);
