// Messages of a gateway of version 0.1, as recorded: the objects of today receive each, and their results have what that gateway reads.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { CLASSES } from "../../durable-objects/classes.ts";
import recorded from "../support/version-0.1/messages.jsonl?raw";

interface RecordedMessage {
  readonly className: (typeof CLASSES)[keyof typeof CLASSES];
  readonly object: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly result: unknown;
}

const messages = recorded
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as RecordedMessage);
const methods = new Map<string, RecordedMessage[]>();
for (const message of messages) {
  const name = `${message.className}.${message.method}`;
  methods.set(name, [...(methods.get(name) ?? []), message]);
}

/** @returns where a result has no field, or one of another type, that the recorded result has */
function missing(before: unknown, now: unknown, path = "result"): string[] {
  if (before === null || before === undefined) return []; // "no value" in the recorded result
  if (Array.isArray(before)) {
    if (!Array.isArray(now)) return [`${path}: no list`];
    return before.flatMap((one, index) => (index < now.length ? missing(one, now[index], `${path}[${index}]`) : []));
  }
  if (typeof before !== typeof now || now === null) return [`${path}: ${typeof before} -> ${now === null ? "null" : typeof now}`];
  if (typeof before !== "object") return [];
  const fields = now as Readonly<Record<string, unknown>>;
  return Object.entries(before).flatMap(([name, value]) => missing(value, fields[name], `${path}.${name}`));
}

const stub = ({ className, object }: RecordedMessage): Record<string, (...args: readonly unknown[]) => Promise<unknown>> => {
  const [binding] = Object.entries(CLASSES).find(([, name]) => name === className)!;
  return (env as unknown as Record<string, DurableObjectNamespace>)[binding]!.getByName(`recorded ${object}`) as never;
};

it("are of every method that version 0.1 calls", () => {
  expect([...methods.keys()].sort()).toEqual([
    "CircuitBreaker.changes",
    "CircuitBreaker.report",
    "CircuitBreaker.setOverride",
    "CircuitBreaker.state",
    "HashRing.changes",
    "HashRing.deregister",
    "HashRing.drain",
    "HashRing.register",
    "HashRing.renew",
    "HashRing.snapshot",
    "PurgeLog.append",
    "PurgeLog.since",
    "TokenBuckets.grantLeases",
    "TokenBuckets.overdraw",
    "TokenBuckets.returnTokens",
    "TokenBuckets.take",
  ]);
});

it("get results with every field that version 0.1 reads", async () => {
  const problems: string[] = [];
  for (const message of messages) {
    const result = await stub(message)[message.method]!(...message.args);
    const line = `${message.className}.${message.method}(${JSON.stringify(message.args)})`;
    problems.push(...missing(message.result, JSON.parse(JSON.stringify(result ?? null))).map((problem) => `${line}: ${problem}`));
  }
  expect(problems).toEqual([]);
});

it("are compared field by field", () => {
  expect(missing({ a: 1, b: [{ c: "x" }], d: null }, { a: 2, b: [{ c: "y", e: 1 }, {}], f: 1 })).toEqual([]);
  expect(missing({ a: 1, b: [{ c: "x" }] }, { a: "1", b: [{}] })).toEqual([
    "result.a: number -> string",
    "result.b[0].c: string -> undefined",
  ]);
});
