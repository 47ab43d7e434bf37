// Our reading of addresses and ranges against the package ipaddr.js.
import fc from "fast-check";
import { IPv4, IPv6, parse as parseByLibrary } from "ipaddr.js";
import { expect, it } from "vitest";
import { addressKey, isInRanges, parseAddressRange } from "../../core/ip.ts";

const isStrict = (text: string): boolean => text.length <= 45 && (IPv4.isValidFourPartDecimal(text) || isIPv6(text));
// Zone ids ("fe80::1%eth0") and leading zeros of an embedded IPv4 address are valid for the package, but never in CF-Connecting-IP.
const isIPv6 = (text: string): boolean => {
  const hasLeadingZero = text.includes(".") && /[.:]0\d+(?:\.|$)/.test(text);
  return IPv6.isValid(text) && !text.includes("%") && !hasLeadingZero;
};

/** The key of an address by the package: an IPv4 address, also a mapped one, or the /64 of an IPv6 address. */
function keyByLibrary(text: string): string {
  if (!isStrict(text)) return "unknown";
  const address = parseByLibrary(text);
  if (address instanceof IPv6 && address.isIPv4MappedAddress()) return address.toIPv4Address().toString();
  if (address instanceof IPv4) return address.toString();
  const groups = (address as IPv6).parts.slice(0, 4).map((group) => group.toString(16));
  return `${groups.join(":")}::/64`;
}

const damaged = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(texts, fc.nat(), fc.nat(1), fc.constantFrom(..."0123456789abcdefF:.% /")).map(([text, at, removed, added]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + added + text.slice(from + removed);
  });
const shortIPv6 = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }).map((parts) => new IPv6(parts).toString());
const sparseIPv6 = fc.array(fc.constantFrom(0, 0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 }).map((parts) => new IPv6(parts).toString());
const mapped = fc.ipV4().map((address) => `::ffff:${address}`);
const address = fc.oneof(fc.ipV4(), fc.ipV6(), shortIPv6, sparseIPv6, mapped);

it("groups addresses under the same key as the package, and refuses the same texts", () => {
  fc.assert(
    fc.property(fc.oneof(address, damaged(address)), (text) => {
      fc.pre(!/^::[\d.]+$/.test(text)); // the package reads the deprecated IPv4-compatible address ::1.2.3.4 as a mapped one
      expect(addressKey(text)).toBe(keyByLibrary(text));
    }),
    { numRuns: 20_000 },
  );
});

it("finds an address within the same ranges as the package", () => {
  const near = fc.tuple(fc.nat(7), fc.nat(15)).map(([group, bit]) => [group, 1 << bit] as const);
  fc.assert(
    fc.property(shortIPv6, near, fc.nat(128), (text, [group, bit], bits) => {
      const neighbor = new IPv6((parseByLibrary(text) as IPv6).parts.map((part, index) => (index === group ? part ^ bit : part)));
      const range = parseAddressRange(`${text}/${bits}`)!;
      expect(isInRanges(neighbor.toString(), [range])).toBe(neighbor.match(parseByLibrary(text) as IPv6, bits));
    }),
    { numRuns: 5_000 },
  );
  fc.assert(
    fc.property(fc.ipV4(), fc.nat(31), fc.nat(32), (text, bit, bits) => {
      const octets = (parseByLibrary(text) as IPv4).octets;
      const neighbor = new IPv4(octets.map((octet, index) => (index === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet)));
      const range = parseAddressRange(`${text}/${bits}`)!;
      expect(isInRanges(neighbor.toString(), [range])).toBe(neighbor.match(parseByLibrary(text) as IPv4, bits));
    }),
    { numRuns: 5_000 },
  );
});
