// docs/reasons.md explains each reason: who can change what it names, and the status and code that callers get.
import { readFileSync } from "node:fs";
import { Code } from "@connectrpc/connect";
import { codeToHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";
import { expect, it } from "vitest";
import { IDENTITY_REASONS } from "../../core/auth/auth-reason.ts";
import { REASONS, type Reason } from "../../core/reasons.ts";
import type { Rejection } from "../../core/rejection.ts";
import { toRefusal } from "../../workers/gateway/protocol/refusal.ts";
import { rejectionsByReason } from "../support/rejections.ts";

const text = readFileSync(new URL("../../docs/reasons.md", import.meta.url), "utf8");
const documented = new Map(
  [...text.matchAll(/^### `(\w+)`\n\nFault of (?:the )?(\w+)(?:; (.+?))?\. (.+(?:\n.+)*)$/gm)].map(([, reason, blame, status, rest]) => [
    reason!,
    { blame: blame === "nobody" ? "none" : blame, status, rest: rest! },
  ]),
);

it("explains every reason and no other, with its fault", () => {
  expect(Object.fromEntries([...documented].map(([reason, { blame }]) => [reason, blame]))).toEqual({ ...REASONS });
  for (const { rest } of documented.values()) expect(rest.split(/(?<=\.)\s/).length).toBeGreaterThan(1); // what it is, and what to do
});

it("names the status and code of every refusal", () => {
  for (const [reason, rejection] of Object.entries(rejectionsByReason) as [Reason, Rejection][]) {
    if (Object.hasOwn(IDENTITY_REASONS, reason) || reason === "layer_refused") continue; // a layer chooses its code
    const { error, httpStatus } = toRefusal(rejection);
    const status = `HTTP ${httpStatus ?? codeToHttpStatus(error.code)}, \`${codeToString(error.code)}\``;
    expect([reason, documented.get(reason)?.status]).toEqual([reason, status]);
  }
  expect(documented.get("internal")?.status).toBe(`HTTP 500, \`${codeToString(Code.Internal)}\``);
});
