// A stream of messages as the body of a REST answer, framed as the caller accepts it. Nothing is held back, nothing runs ahead.
import type { Message, Registry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { NDJSON } from "./request-stream.ts";
import { answerJson, headerValue, rawAnswer } from "./response.ts";
import type { RestRoute } from "./rule.ts";
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

/**
 * Writes each message when the reader asks for it, and none before. A ConnectError that `messages` throws is told in band;
 * of any other error nothing is told but that there was one.
 *
 * Raw bytes (google.api.HttpBody) are told by their first message what they are: this waits for it, and for nothing else.
 *
 * @param accept   the header; what it does not name becomes a JSON array
 * @param registry types in which details of an error are written out
 * @throws what `messages` throws first, where the answer is raw bytes
 */
export async function encodeStream(
  route: RestRoute,
  messages: AsyncIterable<Message>,
  accept: string | null,
  registry: Registry,
): Promise<EncodedStream> {
  const iterator = messages[Symbol.asyncIterator]();
  return route.answer.isRaw ? rawStream(route, iterator) : jsonStream(route, iterator, framingFor(accept), registry);
}

function jsonStream(route: RestRoute, messages: AsyncIterator<Message>, framing: Framing, registry: Registry): EncodedStream {
  let isFirst = true;
  const next = async (): Promise<{ readonly text: string; readonly isLast: boolean }> => {
    try {
      const item = await messages.next();
      if (item.done === true) return { text: framing.end(isFirst), isLast: true };
      return { text: framing.item(JSON.stringify(answerJson(route, item.value)), isFirst), isLast: false };
    } catch (error) {
      const { body } = statusJson(error instanceof ConnectError ? error : fault(route, error), registry);
      return { text: framing.error(JSON.stringify({ error: body }), isFirst), isLast: true };
    }
  };
  const body = readable(messages, async (controller) => {
    const { text, isLast } = await next();
    isFirst = false;
    if (text !== "") controller.enqueue(utf8.encode(text));
    if (isLast) controller.close();
  });
  return { body, contentType: framing.contentType };
}

/** Bytes have no place for an error: a stream that fails midway breaks off, so that nobody takes it for whole. */
async function rawStream(route: RestRoute, messages: AsyncIterator<Message>): Promise<EncodedStream> {
  const first = await messages.next();
  const contentType = first.done === true ? "" : rawAnswer(route, first.value).contentType;
  let waiting: IteratorResult<Message> | undefined = first;
  const body = readable(messages, async (controller) => {
    for (;;) {
      const { done, value }: IteratorResult<Message> = waiting ?? (await messages.next());
      waiting = undefined;
      if (done === true) return void controller.close();
      const { data } = rawAnswer(route, value);
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
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ level: "error", rule: route.name, fault: told }));
  return new ConnectError("internal error", Code.Internal);
}
