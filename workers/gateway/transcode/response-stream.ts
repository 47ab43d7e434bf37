// A stream of messages as the body of a REST answer, framed as the caller accepts it. Nothing is held back, nothing runs ahead.

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

/** How messages stand one after the other. An error is the last of them: `{"error": google.rpc.Status}`. */
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
const COMMENT = utf8.encode(":\n\n"); // nothing, as Server-Sent Events have it

/** How Server-Sent Events wait for a message: no other form has bytes that mean nothing. */
export interface EventTiming {
  readonly headersAfterMs: number; // longest time that the head of the response waits for the first message, ms
  readonly keepAliveMs: number; // a comment is sent after so long without a message, ms; Infinity for never
}

/**
 * Writes each message when the reader asks for it, and none before. A ConnectError that `messages` throws later than its first message is
 * written in band; of any other error nothing is written but that there was one.
 *
 * @param accept   the header; what it does not name becomes a JSON array
 * @param registry types in which details of an error are written out
 * @returns when there is a first message or the stream has ended without one, so that a stream that fails at once has the status of its
 *   error; Server-Sent Events after `headersAfterMs` at the latest
 * @throws what `messages` throws first
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
  readonly isLate: boolean; // the head of the response goes out before the first message
  readonly keepAliveMs: number;
}

function jsonStream(messages: AsyncIterator<Message>, first: Promise<IteratorResult<Message>>, writing: Writing): EncodedStream {
  const { framing, keepAliveMs } = writing;
  let isCommentDue = writing.isLate; // the runtime sends no head before the first byte
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

/** @returns whether a promise takes longer than a time; what it rejects with is for whoever awaits it next */
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

/** Bytes have no place for an error: a stream that fails midway breaks off, so that nobody takes it for whole. */
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
      if (data.byteLength > 0) return void controller.enqueue(data); // nothing to add would leave the reader waiting for ever
    }
  });
  return { body, contentType: headerValue(contentType) };
}

/** A stream that asks for what comes next only when it is read. */
function readable(
  messages: AsyncIterator<Message>,
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => Promise<void>,
): ReadableStream<Uint8Array> {
  const cancel = async (): Promise<void> => void (await messages.return?.());
  return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
}

/** The framing a caller likes best; the first one listed where it likes several, or none that there is. */
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

/** A mistake of ours: logged whole, and told to nobody. */
function fault(route: RestRoute, error: unknown): ConnectError {
  logEvent("transcoding_failed", { route: route.name, error });
  return new ConnectError("internal error", Code.Internal);
}
