// Decodes a stream of requests: one message per line of JSON, per JSON value, or per piece of a raw body.

import { create, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { ByteCollector } from "../../../core/bytes.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { PathValues } from "../../../core/transcode/path-trie.ts";
import { isJson, mergeJson, requireJson, setRaw } from "./body.ts";
import { bindUrl } from "./decode-request.ts";
import { jsonValuesOf } from "./json/json-stream.ts";
import type { RestRoute } from "./rules/rule.ts";

export const NDJSON = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

const NEWLINE = 0x0a;

/**
 * Decodes each message when it is requested. Every message gets the values of the URL.
 *
 * @param query    raw, with or without its `?`
 * @param limits   of each line or piece
 * @returns a generator that throws Rejected at the first invalid message
 * @throws Rejected if the content type is not accepted, or the URL has invalid values
 */
export function decodeRequestStream(
  route: RestRoute,
  variables: PathValues,
  query: string,
  contentType: string | null,
  body: AsyncIterable<Uint8Array>,
  { maxBodyBytes: maxBytes, maxMessageElements }: { readonly maxBodyBytes: number; readonly maxMessageElements: number },
): AsyncGenerator<Message> {
  bindUrl(route, reflect(route.method.input, create(route.method.input), false), variables, query);
  if (route.body?.isRaw === true) return pieces(route, variables, query, contentType ?? "", body, maxBytes);
  const { jsonRequestStreams, assumeJson } = route.options;
  if (jsonRequestStreams === true && isJson(contentType, assumeJson === true))
    return values(route, variables, query, jsonValuesOf(body, maxBytes), "message", maxMessageElements);
  requireJson(contentType, jsonRequestStreams === true ? [...NDJSON, "application/json"] : NDJSON);
  return values(route, variables, query, linesOf(body, maxBytes), "line", maxMessageElements);
}

/** @param unit what an error message counts: lines or messages */
async function* values(
  route: RestRoute,
  variables: PathValues,
  query: string,
  texts: AsyncIterable<Uint8Array>,
  unit: string,
  maxElements: number,
): AsyncGenerator<Message> {
  let number = 0;
  for await (const text of texts) {
    number += 1;
    if (isBlank(text)) continue;
    const message = create(route.method.input);
    const target = reflect(route.method.input, message, false);
    try {
      mergeJson(route, target, text, maxElements);
      bindUrl(route, target, variables, query);
    } catch (error) {
      throw numbered(`${unit} ${number}`, error);
    }
    yield message;
  }
}

/** Only the first message has the content type, and there is always at least one message. @see google/api/httpbody.proto */
async function* pieces(
  route: RestRoute,
  variables: PathValues,
  query: string,
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Message> {
  let type: string | undefined = contentType;
  const pieceOf = (data: Uint8Array): Message => {
    const message = create(route.method.input);
    const target = reflect(route.method.input, message, false);
    setRaw(route, target, type ?? "", data);
    bindUrl(route, target, variables, query);
    type = undefined;
    return message;
  };
  for await (const chunk of body) {
    for (let at = 0; at < chunk.byteLength; at += maxBytes) yield pieceOf(chunk.subarray(at, at + maxBytes));
  }
  if (type !== undefined) yield pieceOf(new Uint8Array());
}

/** The lines of a body; chunks may cut them anywhere. The last line needs no newline. */
async function* linesOf(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  const line = new ByteCollector(); // what has come of the line that is not complete yet
  const keep = (part: Uint8Array): void => {
    if (line.size + part.byteLength > maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes });
    line.add(part);
  };
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      yield line.take();
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }
  if (line.size > 0) yield line.take();
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function numbered(place: string, error: unknown): unknown {
  if (!(error instanceof Rejected) || error.rejection.kind !== "invalid_request") return error;
  return new Rejected({ ...error.rejection, message: `${place}: ${error.rejection.message}` });
}
