// The check of reasons itself: it finds a response without one, and leaves those of upstreams alone.
import { expect, it } from "vitest";
import { faultOf, type SeenCall } from "../support/reasons/fault-of.ts";

const MADE: SeenCall = { reason: undefined, endsWithStream: false };
const isReason = (text: string): boolean => text === "internal";
const of = (fields: Record<string, string>, call?: SeenCall): string | undefined =>
  faultOf(new Headers(fields), call, isReason, "tidegate-reason");

it.each([
  [
    "a response of the gateway without a reason",
    {},
    { reason: "internal" as const, endsWithStream: false },
    'has no reason, and its call has "internal"',
  ],
  ["a document without a reason", {}, undefined, "has no reason, and no call"],
  ["a reason that is not documented", { "tidegate-reason": "new" }, MADE, 'has the reason "new", which is not documented'],
  ["a reason that the call lacks", { "tidegate-reason": "internal" }, MADE, 'has the reason "internal", which its call lacks'],
])("finds %s", (_, fields, call, fault) => expect(of(fields, call)).toBe(fault));

it.each([
  ["a refusal with its reason", { "tidegate-reason": "internal" }, { reason: "internal" as const, endsWithStream: false }],
  ["a response of an upstream", {}, MADE],
  ["a stream that broke off after its head", {}, { reason: "internal" as const, endsWithStream: true }],
])("accepts %s", (_, fields, call) => expect(of(fields, call)).toBeUndefined());
