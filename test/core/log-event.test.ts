import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LOG_EVENTS, logRecord } from "../../core/log-event.ts";

describe("logRecord", () => {
  it("has level, event and facts, in this order", () => {
    const record = logRecord("static_response_sent", { requestId: "r-1", route: "users.v1.UserService/GetUser" });
    expect(JSON.stringify(record)).toBe(
      '{"level":"warn","event":"static_response_sent","requestId":"r-1","route":"users.v1.UserService/GetUser"}',
    );
  });

  it("has the version of the Worker where it is known, and no field for it elsewhere", () => {
    expect(Object.keys(logRecord("l2_read_failed", { error: 1 }))).toEqual(["level", "event", "error"]);
    expect(logRecord("l2_read_failed", { error: 1 }, "v7")).toMatchObject({ version: "v7" });
  });

  it("has the stack of an error where the fault is in our code, and only the message elsewhere", () => {
    const error = new TypeError("no such field");
    expect(logRecord("gateway_failed", { requestId: null, route: "a/B", error })).toMatchObject({ level: "error", error: error.stack });
    expect(logRecord("l2_read_failed", { error })).toEqual({
      level: "warn",
      event: "l2_read_failed",
      error: "TypeError: no such field",
    });
  });

  it("takes anything that was thrown for an error", () => {
    expect(logRecord("l2_read_failed", { error: undefined })).toMatchObject({ error: "undefined" });
    expect(logRecord("transcoding_failed", { route: "a/B", error: "text" })).toMatchObject({ error: "text" });
    const withoutStack = Object.assign(new Error("gone"), { stack: undefined });
    expect(logRecord("handler_failed", { requestId: null, route: "a/B", error: withoutStack })).toMatchObject({ error: "Error: gone" });
  });
});

describe("docs/logs.md", () => {
  const text = readFileSync(new URL("../../docs/logs.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| (.+) \| (.+) \|$/gm)];

  it("lists every event with its level and its facts, sorted by name, and no other", () => {
    const documented = rows.map(([, event, level, , facts]) => ({
      event,
      level,
      facts: [...facts!.matchAll(/`(\w+)`/g)].map(([, fact]) => fact),
    }));
    const defined = Object.entries(LOG_EVENTS).map(([event, { level, facts }]) => ({ event, level, facts: [...facts] }));
    expect(documented).toEqual(defined);
    expect(defined.map(({ event }) => event)).toEqual(Object.keys(LOG_EVENTS).sort());
  });

  it("explains every fact", () => {
    const explained = new Set([...text.matchAll(/^\| `(\w+)` \| [^|]+ \|$/gm)].map(([, fact]) => fact));
    const facts = new Set(Object.values(LOG_EVENTS).flatMap((event) => [...event.facts] as string[]));
    expect([...explained].sort()).toEqual([...facts].sort());
  });
});
