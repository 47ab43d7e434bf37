// Builds a request from the values of the form, for the button that sends it and for the code samples.
import type { Contract, Entry } from "../contract/contract.ts";
import type { BodySpec, Parameter } from "../contract/openapi.ts";
import { enveloped } from "./envelopes.ts";
import { hasStreamOfRequests, hasStreamOfResponses, type WireProtocol } from "./protocols.ts";

export interface FormValues {
  readonly protocol: WireProtocol;
  readonly parameters: ReadonlyMap<string, string>; // REST only; the key is `in` and name: `query pageSize`
  readonly body: string; // REST only
  readonly accept: string; // REST only; empty for the default
  readonly message: string; // other protocols: JSON; one message a line where the request is a stream
  readonly authorization: string;
}

export interface Sendable {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined; // the text that is sent, or the messages for the envelopes
  readonly messages: readonly string[] | undefined; // in JSON, each for an envelope; undefined for a body without envelopes
  readonly isStream: boolean; // the response has more than one message
}

/** Parameters of an operation, by which they are named in `FormValues`. */
export function keyOf(parameter: Parameter): string {
  return `${parameter.in} ${parameter.name}`;
}

/** The request that the form describes. */
export function requestOf(entry: Entry, values: FormValues, contract: Contract): Sendable {
  const own: Array<readonly [string, string]> = values.authorization === "" ? [] : [["Authorization", values.authorization]];
  const isStream = hasStreamOfResponses(entry);
  if (values.protocol === "rest") return restRequest(entry, values, contract, own);
  const url = contract.origin + entry.operation["x-connect"].path;
  const { message } = values;
  if (values.protocol === "connect-get") {
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: compact(message) });
    return { method: "GET", url: `${url}?${query}`, headers: own, body: undefined, messages: undefined, isStream };
  }
  const post = { method: "POST", url, isStream };
  if (values.protocol === "connect" && entry.operation["x-connect"].kind === "unary") {
    return { ...post, headers: [["Content-Type", "application/json"], ...own], body: message, messages: undefined };
  }
  const messages = hasStreamOfRequests(entry) ? linesOf(message) : [compact(message)];
  const type = values.protocol === "connect" ? "application/connect+json" : "application/grpc-web+json";
  const headers: Sendable["headers"] =
    values.protocol === "connect" ? [["Content-Type", type], ...own] : [["Content-Type", type], ["X-Grpc-Web", "1"], ...own];
  return { ...post, headers, body: messages.join("\n"), messages };
}

function restRequest(entry: Entry, values: FormValues, contract: Contract, own: Sendable["headers"]): Sendable {
  let { path } = entry;
  const query = new URLSearchParams();
  const headers: Array<readonly [string, string]> = [];
  for (const parameter of (entry.operation.parameters ?? []).map(contract.follow)) {
    const { name, in: position } = parameter;
    const value = values.parameters.get(keyOf(parameter)) ?? "";
    if (position === "path")
      path = path.replace(`{${name}}`, () => (value === "" ? `{${name}}` : encoded(value, parameter["x-multi-segment"] === true)));
    else if (value === "") continue;
    else if (position === "header") headers.push([name, value]);
    else for (const one of isList(parameter, contract) ? value.split(",") : [value]) query.append(name, one.trim());
  }
  const { requestBody } = entry.operation;
  if (requestBody !== undefined) headers.push(["Content-Type", contentTypeOf(requestBody)]);
  if (values.accept !== "") headers.push(["Accept", values.accept]);
  const search = query.toString();
  return {
    method: entry.method,
    url: `${contract.origin}${path}${search === "" ? "" : `?${search}`}`,
    headers: [...headers, ...own],
    body: requestBody === undefined ? undefined : values.body,
    messages: undefined,
    isStream: hasStreamOfResponses(entry),
  };
}

/** What `fetch` sends: text, or the messages in envelopes. */
export function bodyOf({ body, messages }: Sendable): string | Uint8Array<ArrayBuffer> | undefined {
  return messages === undefined ? body : enveloped(messages);
}

/** A raw body may have any content type; text from the form is sent as text. */
export function contentTypeOf({ content }: BodySpec): string {
  const [type = "*/*"] = Object.keys(content);
  return type === "*/*" ? "text/plain" : type;
}

/** JSON without the white space that people read it by, its numbers as they are written; other text as it is. */
export function compact(json: string): string {
  try {
    JSON.parse(json);
    return json.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
  } catch {
    return json;
  }
}

/** Messages of a stream: one JSON value a line, or a single value over several lines. */
function linesOf(text: string): readonly string[] {
  const whole = compact(text);
  if (!whole.includes("\n")) return whole.trim() === "" ? [] : [whole];
  return whole.split("\n").filter((line) => line.trim() !== "");
}

function isList(parameter: Parameter, contract: Contract): boolean {
  return contract.follow(parameter.schema ?? {}).type === "array";
}

function encoded(value: string, hasSegments: boolean): string {
  return hasSegments ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
}
