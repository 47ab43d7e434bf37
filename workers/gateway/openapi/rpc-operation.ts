// A method that no HTTP rule serves, as operations of OpenAPI: called by its name over Connect.
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
      description: "Each message as JSON, in an envelope: a byte of flags, and its length in four bytes.",
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
  return { description: "What was asked for.", headers: headerRefs(HEADERS), content: json(schema, schemas, "response") };
}

function stream(): Schema {
  const description = "Messages as they come; the last envelope says how the call ended, also where it failed.";
  return { description, headers: headerRefs(HEADERS), content: ENVELOPES };
}

function queryOf(method: DescMethod, schemas: Schemas): readonly Schema[] {
  return [
    {
      name: "encoding",
      in: "query",
      required: true,
      description: "How the message is written.",
      schema: { type: "string", enum: ["json"] },
    },
    {
      name: "message",
      in: "query",
      required: true,
      description: "The message, percent-encoded.",
      content: json(schemas.ofMessage(method.input), schemas, "request"),
    },
    { name: "connect", in: "query", description: "Version of the protocol.", schema: { type: "string", enum: ["v1"] } },
  ];
}
