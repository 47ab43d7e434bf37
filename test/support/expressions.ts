// Authorization expressions, compiled and evaluated for tests.
import { readFileSync } from "node:fs";
import { createFileRegistry, type DescMessage, fromBinary, fromJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Expression, ExpressionFacts } from "../../core/auth/expression.ts";
import { celExpressions } from "../../workers/gateway/auth/expression/cel.ts";

const set = fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../differential/differential.binpb", import.meta.url)));
/** A message with fields of all kinds. */
export const All = createFileRegistry(set).getMessage("differential.v1.All")!;
export const compile = celExpressions();

export type ExpressionCall = Partial<Omit<ExpressionFacts<Message>, "message" | "principal">> & {
  readonly message?: JsonValue;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly isAnonymous?: boolean;
};

export function compiled(text: string, input: DescMessage | undefined = All): Expression<Message> {
  const expression = compile(text, input);
  if ("fix" in expression) throw new Error(`${text}: ${expression.found}`);
  return expression;
}

export function decide(text: string, { message, claims = {}, isAnonymous = false, ...rest }: ExpressionCall = {}) {
  return compiled(text).decide({
    principal: isAnonymous
      ? undefined
      : { kind: "user", id: "https://issuer.example#sub", subject: "sub", scopes: ["a", "b"], claims, expiresAt: Number.POSITIVE_INFINITY },
    headers: new Headers({ "x-tenant": "acme" }),
    address: "192.0.2.1",
    region: "weur",
    message: () => (message === undefined ? undefined : fromJson(All, message)),
    ...rest,
  });
}

export const problemOf = (text: string, input: DescMessage | undefined = All) => {
  const expression = compile(text, input);
  return "fix" in expression ? expression : undefined;
};

export const items = (count: number): string[] => Array.from({ length: count }, (_, n) => `item-${n}`);
