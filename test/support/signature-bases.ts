// Messages and signature bases for the tests of signatures.

import { signatureBase } from "../../core/auth/signature/signature-base.ts";
import type { SignedMessage } from "../../core/auth/signature/signed-message.ts";
import { parseDictionary } from "../../core/structured-fields/parse.ts";

export interface SignedExample {
  readonly name: string;
  readonly algorithm: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authority: string;
  readonly status?: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly base: readonly string[];
}

export function messageOf({ fields, ...rest }: Omit<SignedExample, "name" | "algorithm" | "base">): SignedMessage {
  const byName = new Map(fields);
  return { ...rest, scheme: "https", field: (name) => byName.get(name) ?? null };
}

/** The base of components as they are written in Signature-Input. */
export function baseOf(components: string, message: Partial<SignedExample> = {}): string {
  const list = parseDictionary(`s=(${components})`)!.get("s")!;
  if (!("items" in list)) throw new Error("no list");
  const defaults = { method: "POST", path: "/path", query: "", authority: "www.example.com", fields: [] };
  const base = signatureBase(messageOf({ ...defaults, ...message }), list.items, list.parameters);
  return base.kind === "base" ? base.text : base.reason;
}

/** The value of one component. */
export const lineOf = (component: string, message: Partial<SignedExample> = {}): string => {
  const [line = ""] = baseOf(component, message).split("\n");
  return line.startsWith(`${component}: `) ? line.slice(component.length + 2) : line;
};
