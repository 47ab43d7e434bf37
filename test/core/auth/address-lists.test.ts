// Which addresses may call.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALL_ADDRESSES, addressFault, limitsAddresses } from "../../../core/auth/address-lists.ts";
import { parseAddressRange } from "../../../core/ip.ts";

const ranges = (...texts: string[]) => texts.map((text) => parseAddressRange(text)!);

describe("addresses", () => {
  it("may all call without rules, also unknown ones", () => {
    expect(limitsAddresses(ALL_ADDRESSES)).toBe(false);
    expect([addressFault("192.0.2.1", ALL_ADDRESSES), addressFault(null, ALL_ADDRESSES)]).toEqual([undefined, undefined]);
  });

  it.each([
    ["192.0.2.1", ["192.0.2.0/24"], [], undefined],
    ["192.0.3.1", ["192.0.2.0/24"], [], "address_denied"],
    ["192.0.2.1", [], ["192.0.2.1"], "address_denied"],
    ["192.0.2.2", [], ["192.0.2.1"], undefined],
    ["192.0.2.1", ["192.0.2.0/24"], ["192.0.2.1"], "address_denied"],
    ["::ffff:192.0.2.1", [], ["192.0.2.0/24"], "address_denied"],
    ["::FFFF:c000:0201", ["192.0.2.0/24"], [], undefined],
    ["0:0:0:0:0:ffff:192.0.2.1", [], ["192.0.2.1"], "address_denied"],
    ["2001:DB8::1", ["2001:db8::/32"], [], undefined],
    ["2001:db8:0:0::1", [], ["2001:db8::1"], "address_denied"],
    ["192.0.2.1", [], ["0.0.0.0/0"], "address_denied"],
    ["2001:db8::1", [], ["0.0.0.0/0"], undefined],
    ["192.0.2.1", [], ["::/0"], "address_denied"],
    [null, [], ["192.0.2.1"], "address_unknown"],
    [null, ["::/0"], [], "address_unknown"],
    ["192.0.2.1, 198.51.100.1", ["::/0"], [], "address_unknown"],
    ["192.0.2.01", ["::/0"], [], "address_unknown"],
    ["unknown", [], ["192.0.2.1"], "address_unknown"],
  ] as const)("%s under allow %j and deny %j: %s", (address, allow, deny, fault) => {
    expect(addressFault(address, { allow: ranges(...allow), deny: ranges(...deny) })).toBe(fault);
  });

  it("count the same in every spelling", () => {
    const rules = { allow: [], deny: ranges("192.0.2.128/25", "2001:db8:1::/48") };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), (last) => {
        const spellings = [`192.0.2.${last}`, `::ffff:192.0.2.${last}`, `::ffff:c000:2${last.toString(16).padStart(2, "0")}`];
        expect(new Set(spellings.map((address) => addressFault(address, rules)))).toEqual(
          new Set([last >= 128 ? "address_denied" : undefined]),
        );
      }),
    );
  });
});
