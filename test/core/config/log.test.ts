// What stands in gateway.config.ts for the access log.
import { describe, expect, it } from "vitest";
import { LOG_FIELDS } from "../../../core/access-log/log-fields.ts";
import { checkLog, LOG_SETTINGS } from "../../../core/config/log.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { readBlock } from "../../../core/config/read.ts";
import { accepted, itKnowsItsFields, parsed } from "./settings.ts";

const parser = (check: Checks, value: unknown) => {
  const policy = readBlock(check, "log", LOG_SETTINGS, value);
  checkLog(check, "log", policy, new Set(["x-partner-id"]));
  return policy;
};

describe("the settings of the access log", () => {
  itKnowsItsFields(parser, "log", Object.keys(LOG_SETTINGS.entries));

  it("write a tenth of the failed calls by default, and nothing that names a person", () => {
    const policy = accepted(parser, {});
    expect(policy).toMatchObject({
      okPercent: 0,
      refusedPercent: 0,
      failedPercent: 10,
      slowPercent: 0,
      slowMs: 1_000,
      maxValueLength: 256,
    });
    expect(policy.fields).toEqual(LOG_FIELDS.filter((field) => !["path", "address", "identity"].includes(field)));
    expect(policy.requestHeaders).toEqual([]);
  });

  it.each(["okPercent", "refusedPercent", "failedPercent", "slowPercent"])("take a share for %s", (field) => {
    for (const written of [0, 0.1, 100]) expect(accepted(parser, { [field]: written })).toMatchObject({ [field]: written });
    for (const written of [-1, 100.1, "all"]) expect(parsed(parser, { [field]: written }).problems).toHaveLength(1);
  });

  it.each([
    ...["authorization", "Proxy-Authorization", "cookie", "x-api-key", "apikey", "x-session-token", "client-cert", "signature", "dpop"],
    ...["cf-access-jwt-assertion", "x-partner-id", "tidegate-trace", "x-client-secret"],
  ])("refuse the header %s, which carries a credential", (name) => {
    expect(parsed(parser, { requestHeaders: [name] }).problems).toEqual([
      `log.requestHeaders: found "${name.toLowerCase()}"; leave it out: it carries a credential, or is one of Tidegate`,
    ]);
  });

  it("take other headers, and fields by their names", () => {
    expect(accepted(parser, { requestHeaders: ["User-Agent", "referer"], fields: ["route", "code"] })).toMatchObject({
      requestHeaders: ["user-agent", "referer"],
      fields: ["route", "code"],
    });
    expect(parsed(parser, { fields: ["body"] }).problems).toHaveLength(1);
  });
});
