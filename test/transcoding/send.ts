// Sends REST requests through decoding and encoding, with the schema of the differential tests.
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { canonicalPath } from "../../core/path/canonical-path.ts";
import { Rejected } from "../../core/rejection.ts";
import { decodeRequest } from "../../workers/gateway/transcode/decode-request.ts";
import { encodeRequest } from "../../workers/gateway/transcode/encode-request.ts";
import { compileRest, type RestOptions } from "../../workers/gateway/transcode/rules/rules.ts";

const set = readFileSync(new URL("../differential/differential.binpb", import.meta.url));
export const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
export const Values = registry.getService("differential.v1.Values")!;
export const All = registry.getMessage("differential.v1.All")!;

export interface SendOutcome {
  readonly json?: JsonValue; // the message that the upstream gets
  readonly fields?: readonly string[]; // invalid fields
  readonly problem?: string; // the message of the refusal
}

/** Decodes a request, encodes its message for the upstream, and decodes it again. */
export function send(method: string, path: string, body?: string, options: RestOptions = {}): SendOutcome {
  const { table, problems } = compileRest([Values], { registry, ...options });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const at = canonicalPath(`https://gateway.test${path}`);
  if (at.kind === "invalid") return { fields: [], problem: at.problem };
  const match = table.match(method, at.path);
  if (match.kind !== "found") throw new Error(`${method} ${path}: ${match.kind}`);
  const { route, variables } = match;
  try {
    const bytes = body === undefined ? null : new TextEncoder().encode(body);
    const message = decodeRequest(route, variables, at.query, body === undefined ? null : "application/json", bytes, 100_000);
    return { json: toJson(All, fromBinary(All, encodeRequest(All, message)), { registry }) };
  } catch (error) {
    if (!(error instanceof Rejected) || error.rejection.kind !== "invalid_request") throw error;
    const { violations = [], message } = error.rejection;
    return { fields: violations.map(({ field }) => field), problem: message };
  }
}

export const post = (body: string, options?: RestOptions): SendOutcome => send("POST", "/v1/send", body, options);
