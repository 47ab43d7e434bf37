// Every case of cases.json, from the request line to the message and back. TRANSCODING_CASES names another file (absolute path).
import { readFileSync } from "node:fs";
import { create, fromJson, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { describe, expect, it } from "vitest";
import { parseTemplate } from "../../core/transcode/path-template.ts";
import { HttpRuleSchema } from "../../protos/gen/google/api/http_pb.ts";
import { encodeResponse } from "../../workers/gateway/transcode/encode-response.ts";
import { expandRequest } from "../../workers/gateway/transcode/rules/expand-request.ts";
import { compileRule } from "../../workers/gateway/transcode/rules/rule.ts";
import { compileRest, type RestRoute } from "../../workers/gateway/transcode/rules/rules.ts";
import { statusJson } from "../../workers/gateway/transcode/status.ts";
import { call, type RestCall, tableOf } from "./call.ts";
import { Echo, methodNamed, registry } from "./schema.ts";

interface Case {
  readonly id: string;
  readonly request: RestCall;
  readonly expect: {
    readonly rpc?: string;
    readonly message?: JsonValue;
    readonly code?: string;
    readonly http?: number;
    readonly response?: { readonly http: number; readonly json?: JsonValue; readonly text?: string; readonly contentType?: string };
  };
  readonly upstreamReply?: JsonObject & { readonly $error?: { readonly code: string; readonly message: string } };
}

interface Cases {
  readonly cases: readonly Case[];
  readonly templates: readonly {
    readonly template: string;
    readonly valid: boolean;
    readonly segments?: readonly string[];
    readonly verb?: string;
    readonly variables?: readonly JsonObject[];
  }[];
  readonly schemaErrors: readonly { readonly rule: JsonObject; readonly why: string; readonly valid?: boolean }[];
  readonly expand: readonly { readonly template: string; readonly message: JsonObject; readonly path?: string; readonly error?: string }[];
}

const file = process.env["TRANSCODING_CASES"] ?? new URL("cases.json", import.meta.url);
const { cases, templates, schemaErrors, expand } = JSON.parse(readFileSync(file, "utf8")) as Cases;
const table = tableOf({ inferUpdateMask: true });

/** The status that the gateway gives a rejection of this kind. */
const HTTP: Readonly<Record<string, number>> = {
  invalid_path: 400,
  invalid_request: 400,
  unknown_path: 404,
  method_not_allowed: 405,
  unsupported_content_type: 415,
};

describe("a request", () => {
  it.each(cases)("$id", ({ request, expect: want, upstreamReply }) => {
    const outcome = call(table, request);
    if (outcome.kind === "refused") {
      expect(HTTP[outcome.rejection.kind]).toBe(want.http);
      return;
    }
    const { route, message } = outcome;
    expect(route.method.name).toBe(want.rpc);
    expect(comparable(toJson(route.method.input, message, { registry }))).toEqual(comparable(want.message ?? {}));
    if (want.response === undefined) return;
    const answer = answerOf(route, upstreamReply ?? {});
    for (const [part, value] of Object.entries(want.response)) expect(answer[part], part).toEqual(value);
  });
});

/** What a caller gets for what the upstream says, as far as a case may tell. */
function answerOf(route: RestRoute, reply: NonNullable<Case["upstreamReply"]>): JsonObject {
  if (reply.$error !== undefined) {
    const { code, message } = reply.$error;
    const { status, body } = statusJson(new ConnectError(message, codeFromString(code) ?? Code.Unknown), registry);
    return { http: status, contentType: "application/json", json: body as unknown as JsonValue };
  }
  const { body, contentType } = encodeResponse(route, fromJson(route.method.output, reply, { registry }));
  if (typeof body !== "string") return { http: 200, contentType, text: Buffer.from(body).toString() };
  return { http: 200, contentType, json: JSON.parse(body) as JsonValue, text: body };
}

/** The paths of an update mask are a set. */
function comparable(message: JsonValue): JsonValue {
  const { updateMask } = message as { readonly updateMask?: string };
  return updateMask === undefined ? message : { ...(message as JsonObject), updateMask: updateMask.split(",").sort().join(",") };
}

describe("a template", () => {
  it.each(templates)("$template", ({ template, valid, segments, verb, variables }) => {
    const parsed = parseTemplate(template);
    expect(parsed.kind).toBe(valid ? "ok" : "invalid");
    if (parsed.kind === "ok") expect(parsed.template).toEqual({ text: template, segments, verb: verb ?? "", variables: variables ?? [] });
  });
});

describe("a rule", () => {
  it.each(schemaErrors)("$rule: $why", ({ rule, valid }) => {
    const rules = [create(HttpRuleSchema, { ...fromJson(HttpRuleSchema, rule), selector: "transcoding.test.v1.Echo.Query" })];
    const { problems } = compileRest([Echo], { rules });
    if (valid === true) expect(problems).toEqual([]);
    else expect(problems).not.toEqual([]);
  });
});

describe("a message", () => {
  it.each(expand)("$message in $template", ({ template, message, path }) => {
    const compiled = compileRule(methodNamed("Query"), create(HttpRuleSchema, { pattern: { case: "get", value: template } }), {});
    if (compiled.kind === "invalid") throw new Error(JSON.stringify(compiled.problems));
    const expansion = expandRequest(compiled.route, fromJson(methodNamed("Query").input, message));
    if (path === undefined) expect(expansion.kind).toBe("invalid");
    else expect(expansion.kind === "ok" ? expansion.path + expansion.query : expansion).toBe(path);
  });
});
