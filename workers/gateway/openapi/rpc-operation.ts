// Writes a method without an HTTP rule as OpenAPI operations: a Connect call by POST and, without side effects, by GET.
import type { DescMethod } from "@bufbuild/protobuf";
import { connectFailuresOf, headerRefs } from "./error-responses.ts";
import { connectOf, describedAs, hasSideEffects, json } from "./operation.ts";
import type { Schemas } from "./schemas/schemas.ts";
import type { Schema } from "./schemas/values.ts";

const HEADERS = ["X-Request-Id", "RateLimit", "RateLimit-Policy"] as const;
const ENVELOPES = {
  "application/connect+json": {
    schema: {
      type: "string",
      format: "binary",
      description: "Messages in JSON, each in an envelope: one byte of flags, four bytes of length, then the message.",
    },
  },
};

export interface RpcOperation {
  readonly httpMethod: "get" | "post";
  readonly operation: (operationId: string) => Schema;
}

export function rpcPathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** POST, and GET where the method has no side effects. @see https://connectrpc.com/docs/protocol */
export function rpcOperationsOf(method: DescMethod, schemas: Schemas): readonly RpcOperation[] {
  const isUnary = method.methodKind === "unary";
  const sideEffects = hasSideEffects(method);
  const base = (operationId: string) => ({
    operationId,
    ...describedAs(method),
    responses: { "200": isUnary ? message(method, schemas) : stream(), ...connectFailuresOf(sideEffects) },
    "x-connect": connectOf(method, schemas, sideEffects),
  });
  const requestBody = isUnary
    ? { required: true, content: json(schemas.ofMessage(method.input), schemas, "request") }
    : { required: true, content: ENVELOPES };
  const post: RpcOperation = { httpMethod: "post", operation: (id) => ({ ...base(id), requestBody }) };
  if (!isUnary || sideEffects) return [post];
  const get: RpcOperation = { httpMethod: "get", operation: (id) => ({ ...base(id), parameters: queryOf(method, schemas) }) };
  return [post, get];
}

function message(method: DescMethod, schemas: Schemas): Schema {
  const { description: _, ...schema } = { ...schemas.ofMessage(method.output) };
  return { description: "OK", headers: headerRefs(HEADERS), content: json(schema, schemas, "response") };
}

function stream(): Schema {
  const description = "A stream of messages. The last envelope contains the result of the call, and the error if it failed.";
  return { description, headers: headerRefs(HEADERS), content: ENVELOPES };
}

function queryOf(method: DescMethod, schemas: Schemas): readonly Schema[] {
  return [
    {
      name: "encoding",
      in: "query",
      required: true,
      description: "Codec of the message.",
      schema: { type: "string", enum: ["json"] },
    },
    {
      name: "message",
      in: "query",
      required: true,
      description: "The request message in JSON, percent-encoded.",
      content: json(schemas.ofMessage(method.input), schemas, "request"),
    },
    { name: "connect", in: "query", description: "Version of the Connect protocol.", schema: { type: "string", enum: ["v1"] } },
  ];
}
