// What a request becomes: the way from a request line to a message, as the gateway goes it.
import { fromJson, type JsonObject, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { canonicalPath } from "../../core/path/canonical-path.ts";
import { Rejected, type Rejection } from "../../core/rejection.ts";
import { decodeRequest } from "../../workers/gateway/transcode/decode-request.ts";
import { compileRest, type RestOptions, type RestRoute, type RestTable } from "../../workers/gateway/transcode/rules/rules.ts";
import { Echo, Msg, registry, Streams } from "./schema.ts";

export interface RestCall {
  readonly method: string;
  readonly path: string; // with its query
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
}

export type Outcome =
  | { readonly kind: "accepted"; readonly route: RestRoute; readonly message: Message }
  | { readonly kind: "refused"; readonly rejection: Rejection };

export function tableOf(options: RestOptions): RestTable {
  const { table, problems } = compileRest([Echo, Streams], options);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return table;
}

export function call(table: RestTable, { method, path, body, contentType }: RestCall): Outcome {
  const at = canonicalPath(`https://gateway.test${path}`);
  if (at.kind === "invalid") return { kind: "refused", rejection: { kind: "invalid_path", message: at.problem } };
  const match = table.match(method, at.path);
  if (match.kind === "unknown_path") return { kind: "refused", rejection: { kind: "unknown_path", path: at.path } };
  if (match.kind === "method_not_allowed") return { kind: "refused", rejection: { ...match, method } };
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : (body ?? null);
  try {
    const message = decodeRequest(match.route, match.variables, at.query, contentType ?? null, bytes, 100_000);
    return { kind: "accepted", route: match.route, message };
  } catch (error) {
    if (error instanceof Rejected) return { kind: "refused", rejection: error.rejection };
    throw error; // nothing else may come out of a request
  }
}

/** The message in JSON, or the rejection. */
export function outcomeOf(table: RestTable, request: RestCall): JsonValue | Rejection {
  const outcome = call(table, request);
  return outcome.kind === "accepted" ? toJson(outcome.route.method.input, outcome.message, { registry }) : outcome.rejection;
}

export function msg(json: JsonObject): Message {
  return fromJson(Msg, json, { registry });
}
