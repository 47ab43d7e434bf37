// ChatService as a Worker for tests of streams in both directions: a header of the call chooses what it does, and a record shows what became of it.
import { Code, ConnectError, createClient, type HandlerContext } from "@connectrpc/connect";
import { transportTo } from "../../../workers/client/transport.ts";
import { defineService } from "../../../workers/service.ts";
import { ChatService } from "../../clients/gen/lab/v1/lab_pb.ts";
import type { CallRecord } from "./call-record.ts";

export interface Env {
  readonly CHAT?: Fetcher; // the service that `relay` calls
  readonly CHAT_URL?: string; // the same over HTTP, in another process
}

const records = new Map<string, CallRecord>();
const released = new Set<string>(); // calls that go on

const service = defineService(ChatService, (env: Env) => ({
  async *chat(requests: AsyncIterable<{ readonly text: string }>, context: HandlerContext) {
    const id = context.requestHeader.get("x-case") ?? "";
    const record: CallRecord = { received: 0, receivedBytes: 0, sent: 0, sentBytes: 0, requestEnd: "", end: "", aborted: "" };
    records.set(id, record);
    context.signal.addEventListener("abort", () => (record.aborted = codeOf(context.signal.reason)));
    try {
      for await (const text of behave(id, counted(requests, record), context, env)) {
        record.sent += 1;
        record.sentBytes += text.length;
        yield { text };
      }
      record.end = "returned";
    } catch (error) {
      record.end = codeOf(error);
      throw error;
    } finally {
      record.end ||= "finally";
    }
  },
}));

async function* counted(requests: AsyncIterable<{ readonly text: string }>, record: CallRecord): AsyncGenerator<string> {
  try {
    for await (const { text } of requests) {
      record.received += 1;
      record.receivedBytes += text.length;
      yield text;
    }
    record.requestEnd = "end";
  } catch (error) {
    record.requestEnd = codeOf(error);
    throw error;
  }
}

async function* behave(id: string, texts: AsyncGenerator<string>, context: HandlerContext, env: Env): AsyncGenerator<string> {
  switch (context.requestHeader.get("x-does")) {
    case "produce": // never reads
      for (const text = "x".repeat(65_536); ; ) yield text;
    case "hold": // reads one message, and the others when it is released
      yield String((await texts.next()).value);
      while (!released.has(id)) await scheduler.wait(20);
      yield* texts;
      return;
    case "fail": // fails at the third message
      for (let count = 1; count <= 2; count++) yield String((await texts.next()).value);
      await texts.next();
      throw new ConnectError("no more", Code.FailedPrecondition);
    case "silent": // reads, and never responds
      yield "";
      for await (const _ of texts);
      return;
    case "tick": // responds several times, the first message says how often, then waits for another one
      for (let left = Number((await texts.next()).value); left > 0; left--) {
        yield "tick";
        await scheduler.wait(400);
      }
      yield* texts;
      return;
    case "busy": // works on, and neither reads nor responds
      yield "";
      while (!context.signal.aborted) await scheduler.wait(20);
      throw new ConnectError("stopped", Code.Canceled);
    case "throw": // the same as `relay`, but what it sends fails at the second message
    case "relay": {
      const headers = { "x-case": `${id}-next`, "x-does": context.requestHeader.get("x-next") ?? "echo" };
      const target = context.requestHeader.get("x-over") === "url" ? env.CHAT_URL! : env.CHAT!;
      const next = createClient(ChatService, transportTo(target, { during: context }));
      for await (const { text } of next.chat(messagesOf(texts, context.requestHeader.get("x-does") === "throw"), { headers })) yield text;
      return;
    }
    default:
      yield* texts;
  }
}

async function* messagesOf(texts: AsyncIterable<string>, fails: boolean): AsyncGenerator<{ text: string }> {
  let count = 0;
  for await (const text of texts) {
    count += 1;
    if (fails && count === 2) throw new ConnectError("nothing more to send", Code.Aborted);
    yield { text };
  }
}

function codeOf(error: unknown): string {
  return error instanceof ConnectError ? Code[error.code] : `${error}`;
}

/** A service that does not know the deadline, where the call says so: its caller has to end the call. */
function withoutTimeout(request: Request): Request {
  if (!request.headers.has("x-no-timeout")) return request;
  const headers = new Headers(request.headers);
  headers.delete("connect-timeout-ms");
  headers.delete("grpc-timeout");
  return new Request(request, { headers });
}

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/records") return Response.json(Object.fromEntries(records));
    if (!pathname.startsWith("/release/")) return service.fetch(withoutTimeout(request), env, ctx);
    released.add(pathname.slice("/release/".length));
    return new Response();
  },
};
