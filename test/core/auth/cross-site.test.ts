// Requests of web pages of other origins, as browsers mark them.
import { expect, it } from "vitest";
import { isCrossSite } from "../../../core/auth/cross-site.ts";

it.each([
  [null, null, false],
  ["same-origin", "https://gw.example", false],
  ["same-origin", "http://gw.example", false],
  ["none", null, false],
  ["cross-site", null, true],
  ["cross-site", "https://gw.example", true],
  ["same-site", "https://www.gw.example", true],
  ["", null, true],
  [null, "https://gw.example", false],
  [null, "http://GW.example", false],
  [null, "https://gw.example:8443", true],
  [null, "https://evil.example", true],
  [null, "https://gw.example.evil.example", true],
  [null, "gwhttps://.example", true],
  [null, "null", true],
  [null, "", true],
  [null, "chrome-extension://gw.example", true],
])("takes Sec-Fetch-Site %j and Origin %j at gw.example for another origin: %s", (site, origin, want) => {
  expect(isCrossSite(site, origin, "gw.example")).toBe(want);
});
