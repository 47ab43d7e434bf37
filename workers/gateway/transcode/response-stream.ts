// Encodes a stream of messages as the body of a REST response, in a framing that the caller accepts. Each message is requested and written
// only when the caller reads.

import type { Message, Registry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { logEvent } from "../../log.ts";
import { headerValue, rawResponse, responseJson } from "./encode-response.ts";
import { NDJSON } from "./request-stream.ts";
import type { RestRoute } from "./rules/rule.ts";
import { statusJson } from "./status.ts";

export interface EncodedStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly contentType: string;
}

/** How messages follow one another. An error is the last one: `{"error": google.rpc.Status}`. */
interface Framing {
  readonly contentType: string;
  readonly accepts: readonly string[]; // media types, lower case
  item(json: string, isFirst: boolean): string;
  error(json: string, isFirst: boolean): string;
  end(isFirst: boolean): string;
}

const ARRAY: Framing = {
  contentType: "application/json",
  accepts: ["application/json", "application/*", "*/*"],
  item: (json, isFirst) => (isFirst ? "[" : ",") + json,
  error: (json, isFirst) => `${isFirst ? "[" : ","}${json}]`,
  end: (isFirst) => (isFirst ? "[]" : "]"),
};
const LINES: Framing = {
  contentType: "application/x-ndjson",
  accepts: NDJSON,
  item: (json) => `${json}\n`,
  error: (json) => `${json}\n`,
  end: () => "",
};
const EVENTS: Framing = {
  contentType: "text/event-stream",
  accepts: ["text/event-stream", "text/*"],
  item: (json) => `data: ${json}\n\n`,
  error: (json) => `event: error\ndata: ${json}\n\n`,
  end: () => "",
};
const FRAMINGS = [ARRAY, LINES, EVENTS];

const utf8 = new TextEncoder();
const NEVER_MS = Number.POSITIVE_INFINITY;
const COMMENT = utf8.encode(":\n\n"); // an empty comment, which clients of Server-Sent Events ignore

/** Timing of Server-Sent Events; other framings have no bytes without a meaning that could be sent while waiting. */
export interface EventTiming {
  readonly headersAfterMs: number; // the head of the response is sent after this time even without a first message
  readonly keepAliveMs: number; // a comment is sent after this time without a message; Infinity for never
}

/**
 * Encodes a stream. If `messages` throws a ConnectError after the first message, the error becomes the last element; any other error becomes
 * "internal error".
 *
 * @param accept   the Accept header; the framing is a JSON array unless it names another one
 * @param registry types of error details that are written as JSON
 * @returns once the first message has arrived or the stream has ended, so that a stream that fails at once gets the status of its error;
 *   for Server-Sent Events after `headersAfterMs` at the latest
 * @throws the error of `messages` if it fails before the first message
 */
export async function encodeStream(
  route: RestRoute,
  messages: AsyncIterable<Message>,
  accept: string | null,
  registry: Registry,
  timing: EventTiming,
): Promise<EncodedStream> {
  const iterator = messages[Symbol.asyncIterator]();
  if (route.response.isRaw) return rawStream(route, iterator);
  const framing = framingFor(accept);
  const first = iterator.next();
  const isLate = framing === EVENTS && (await isLater(first, timing.headersAfterMs));
  if (!isLate) await first;
  return jsonStream(iterator, first, { route, framing, registry, isLate, keepAliveMs: framing === EVENTS ? timing.keepAliveMs : NEVER_MS });
}

interface Writing {
  readonly route: RestRoute;
  readonly framing: Framing;
  readonly registry: Registry;
  readonly isLate: boolean; // the head of the response is sent before the first message
  readonly keepAliveMs: number;
}

function jsonStream(messages: AsyncIterator<Message>, first: Promise<IteratorResult<Message>>, writing: Writing): EncodedStream {
  const { framing, keepAliveMs } = writing;
  let isCommentDue = writing.isLate; // the runtime sends the head with the first byte
  let isFirst = true;
  let pending: Promise<IteratorResult<Message>> | undefined = first;
  const body = readable(messages, async (controller) => {
    pending ??= messages.next();
    if (isCommentDue || (keepAliveMs !== NEVER_MS && (await isLater(pending, keepAliveMs)))) {
      isCommentDue = false;
      controller.enqueue(COMMENT);
      return;
    }
    const { text, isLast } = await written(writing, pending, isFirst);
    pending = undefined;
    isFirst = false;
    if (text !== "") controller.enqueue(utf8.encode(text));
    if (isLast) controller.close();
  });
  return { body, contentType: framing.contentType };
}

async function written(
  { route, framing, registry }: Writing,
  pending: Promise<IteratorResult<Message>>,
  isFirst: boolean,
): Promise<{ readonly text: string; readonly isLast: boolean }> {
  try {
    const item = await pending;
    if (item.done === true) return { text: framing.end(isFirst), isLast: true };
    return { text: framing.item(JSON.stringify(responseJson(route, item.value)), isFirst), isLast: false };
  } catch (error) {
    const { body } = statusJson(error instanceof ConnectError ? error : fault(route, error), registry);
    return { text: framing.error(JSON.stringify({ error: body }), isFirst), isLast: true };
  }
}

/** @returns whether a promise takes longer than a time. If it rejects, that is left to the next one that awaits it */
async function isLater(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), ms);
  const inTime = promise.then(
    () => false,
    () => false,
  );
  const isLate = await Promise.race([inTime, late]);
  clearTimeout(timer);
  return isLate;
}

/** Raw bytes cannot carry an error: a stream that fails is interrupted, so that the caller does not take it for complete. */
async function rawStream(route: RestRoute, messages: AsyncIterator<Message>): Promise<EncodedStream> {
  const first = await messages.next();
  const contentType = first.done === true ? "" : rawResponse(route, first.value).contentType;
  let waiting: IteratorResult<Message> | undefined = first;
  const body = readable(messages, async (controller) => {
    for (;;) {
      const { done, value }: IteratorResult<Message> = waiting ?? (await messages.next());
      waiting = undefined;
      if (done === true) return void controller.close();
      const { data } = rawResponse(route, value);
      if (data.byteLength > 0) return void controller.enqueue(data); // after an empty piece the reader would not pull again
    }
  });
  return { body, contentType: headerValue(contentType) };
}

/** A stream that pulls only when it is read. */
function readable(
  messages: AsyncIterator<Message>,
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => Promise<void>,
): ReadableStream<Uint8Array> {
  const cancel = async (): Promise<void> => void (await messages.return?.());
  return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
}

/** The framing with the highest quality in Accept; of several, the first one listed. A JSON array if there is none. */
function framingFor(accept: string | null): Framing {
  let best = { framing: ARRAY, quality: 0 };
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const framing = FRAMINGS.find(({ accepts }) => accepts.includes(type));
    const quality = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
    if (framing !== undefined && quality > best.quality) best = { framing, quality };
  }
  return best.framing;
}

/** An error of the gateway: it is logged in full, and the caller gets no details. */
function fault(route: RestRoute, error: unknown): ConnectError {
  logEvent("transcoding_failed", { route: route.name, error });
  return new ConnectError("internal error", Code.Internal);
}
