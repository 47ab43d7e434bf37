import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRegion, isWithin, JURISDICTIONS, LOCATION_HINTS, locationHintOf, regionOf } from "../../core/region.ts";

describe("the region of a request", () => {
  it.each([
    ["SJC", "wnam"],
    ["IAD", "enam"],
    ["LHR", "weur"],
    ["WAW", "eeur"],
    ["NRT", "apac-ne"],
    ["SIN", "apac-se"],
    ["SYD", "oc"],
    ["GRU", "enam"], // South America, Africa and the Middle East have no home of their own
    ["JNB", "weur"],
    ["JED", "weur"],
  ])("of %s is %s", (colo, region) => expect(regionOf({ colo, continent: "AN" })).toBe(region));

  it.each([
    ["NA", "-122.4", "wnam"],
    ["NA", "-74", "enam"],
    ["NA", undefined, "enam"],
    ["SA", "-46", "enam"],
    ["EU", "2.3", "weur"],
    ["EU", "21", "eeur"],
    ["AF", "28", "weur"],
    ["AS", "35", "eeur"],
    ["AS", "77", "apac-se"],
    ["AS", "139.7", "apac-ne"],
    ["OC", "151", "oc"],
    ["AN", undefined, "oc"],
    [undefined, "10", "enam"],
    ["T1", "somewhere", "enam"],
  ])("of a data center that is not listed, with a client in %s at %s degrees, is %s", (continent, longitude, region) => {
    expect(regionOf({ colo: "ZZZ", continent, longitude })).toBe(region);
  });

  it.each([[{}], [{ colo: "" }], [{ continent: "EU", longitude: "9" }]])("of a request without a data center is local: %j", (place) => {
    expect(regionOf(place)).toBe("local");
  });

  it("is always one with a home, whatever an unlisted data center sends", () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string()), fc.option(fc.string()), (colo, continent, longitude) => {
        const region = regionOf({ colo: `x${colo}`, continent: continent ?? undefined, longitude: longitude ?? undefined });
        expect(LOCATION_HINTS).toContain(region);
        expect(locationHintOf(region)).toBe(region);
      }),
    );
  });
});

it("gives objects of the region `local` no hint", () => expect(locationHintOf("local")).toBeUndefined());

it.each([
  ["weur", true],
  ["apac-ne", true],
  ["local", true],
  ["sam", false],
  ["", false],
  ["weur ", false],
  [null, false],
])("takes %j for the name of a region: %s", (text, isOne) => expect(isRegion(text)).toBe(isOne));

describe.each(JURISDICTIONS)("within the jurisdiction %s", (jurisdiction) => {
  it("takes the hints of places inside, and no other", () => {
    const inside = LOCATION_HINTS.filter((hint) => isWithin(hint, jurisdiction));
    expect(inside).toEqual(jurisdiction === "eu" ? ["weur", "eeur"] : ["wnam", "enam"]);
    expect(["sam", "apac", "local"].some((hint) => isWithin(hint, jurisdiction))).toBe(false);
  });
});
