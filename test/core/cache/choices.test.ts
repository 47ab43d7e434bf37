// Months, encodings and languages: each value of a closed list is read.
import { expect, it } from "vitest";
import { parseHttpDate } from "../../../core/cache/headers/http-date.ts";
import { normalizeField } from "../../../core/cache/headers/vary.ts";
import { Admission } from "../../../core/overload/admission.ts";

it("reads the date of every month, in all three forms", () => {
  for (let month = 0; month < 12; month++) {
    const at = Date.UTC(2026, month, 15, 1, 2, 3);
    const imf = new Date(at).toUTCString();
    expect(parseHttpDate(imf, at)).toBe(at);
    const [day = "", number = "", name = "", year = "", clock = ""] = imf.replace(",", "").split(" ");
    expect(parseHttpDate(`${day} ${name} ${number} ${clock} ${year}`, at)).toBe(at);
    expect(parseHttpDate(`Monday, ${number}-${name}-${year.slice(2)} ${clock} GMT`, at)).toBe(at);
  }
});

it("puts languages into one order and case", () => {
  expect(normalizeField("accept-language", "en-US , DE;q=0.5")).toBe("de;q=0.5, en-us");
  expect(normalizeField("accept-language", null)).toBeNull();
  expect(normalizeField("x-other", "b ,a")).toBe("b, a");
});

it("tells callers of a host at its limit what to shed", () => {
  const host = new Admission({ max: 10, floor: 10 });
  expect(host.shedLevel(0)).toBe(0);
  for (let n = 0; n < 10; n++) host.begin(0, 10_000);
  for (let n = 0; n < 20; n++) host.refusal(0, Number.POSITIVE_INFINITY, n === 19 ? 100 : 0);
  expect(host.shedLevel(100)).toBeGreaterThan(0);
});
