// The check of reasons itself: it finds a response without one, and leaves those of upstreams alone.
import { expect, it } from "vitest";
import { faultOf, type SeenCall } from "../support/reasons/fault-of.ts";

const MADE: SeenCall = { reason: undefined, endsWithStream: false, attempts: 1, cacheLevel: "", isOwn: false };
const UNSENT: SeenCall = { ...MADE, attempts: 0 };
const FAILED: SeenCall = { ...UNSENT, reason: "internal" };
const isReason = (text: string): boolean => text === "internal";
const of = (fields: Record<string, string>, call?: SeenCall): string | undefined =>
  faultOf(new Headers(fields), call, isReason, "tidegate-reason");

it.each([
  ["a response of the gateway without a reason", {}, FAILED, 'has no reason, and its call has "internal"'],
  ["a document without a reason", {}, undefined, "has no reason, and no call"],
  ["a response without a call, and with an id", { "x-request-id": "a" }, undefined, "has no reason, and no call"],
  ["a response that no upstream was called for", {}, UNSENT, "has no reason, and no upstream was called for it"],
  ["one that is not stored either", {}, { ...UNSENT, cacheLevel: "miss" as const }, "has no reason, and no upstream was called for it"],
  ["a reason that is not documented", { "tidegate-reason": "new" }, MADE, 'has the reason "new", which is not documented'],
  ["a reason that the call lacks", { "tidegate-reason": "internal" }, MADE, 'has the reason "internal", which its call lacks'],
])("finds %s", (_, fields, call, fault) => expect(of(fields, call)).toBe(fault));

it.each([
  ["a refusal with its reason", { "tidegate-reason": "internal" }, FAILED],
  ["a response of an upstream", {}, MADE],
  ["a response of a service of its own", {}, { ...UNSENT, isOwn: true }],
  ["a stored response", {}, { ...UNSENT, cacheLevel: "l1" as const }],
  [
    "a response that another call has fetched",
    { "cache-status": "tidegate; fwd=uri-miss; collapsed" },
    { ...UNSENT, cacheLevel: "miss" as const },
  ],
  ["a stream that broke off after its head", {}, { ...FAILED, endsWithStream: true }],
])("accepts %s", (_, fields, call) => expect(of(fields, call)).toBeUndefined());
