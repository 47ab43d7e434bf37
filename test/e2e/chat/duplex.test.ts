// Streams in both directions over sockets: a caller, the gateway in workerd, and a service behind a binding, a URL or another service. Both
// directions end together, whoever ends them.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChatService } from "../../clients/gen/lab/v1/lab_pb.ts";
import { type Chat, isRelay, startChat, until, WAYS, type Way } from "./start.ts";

const EVERY_WAY = Object.keys(WAYS) as Way[];
/** What a service reads at the end of its requests that broke off: never a proper end. Over a URL it reads of an incomplete message. */
const BROKEN_OFF = /^(Canceled|DeadlineExceeded|InvalidArgument)$/;

let chat: Chat;
let count = 0;
const newId = (): string => `call-${++count}`;

beforeAll(async () => {
  chat = await startChat();
}, 120_000);
afterAll(() => chat?.stop());

/** The service's generator has ended, and its requests have not ended properly. */
async function expectStopped(id: string, way: Way): Promise<void> {
  const record = await until("the generator of the service ends", async () => {
    const found = await chat.recordOf(id, way);
    return found?.end !== "" && found;
  });
  expect(record.requestEnd).toMatch(BROKEN_OFF);
  expect(record.end).toMatch(BROKEN_OFF);
  if (!isRelay(way)) return;
  const between = await until("the service between ends", async () => {
    const found = await chat.relayRecordOf(id);
    return found?.end !== "" && found;
  });
  expect(between.requestEnd).toMatch(BROKEN_OFF);
}

describe.concurrent.each(EVERY_WAY)("a stream in both directions over %s", (way) => {
  it.each(["application/connect+proto", "application/grpc-web+proto"])("gets each response before the next request: %s", async (type) => {
    const id = newId();
    const caller = chat.call(id, way, "echo", {}, type);
    for (const text of ["one", "two", "three"]) {
      caller.write(text);
      expect(await caller.next()).toEqual({ text });
    }
    caller.end();
    expect(await caller.untilEnd()).toMatch(/^\{\}$|grpc-status: ?0/);
    expect(await chat.recordOf(id, way)).toMatchObject({ received: 3, sent: 3, requestEnd: "end", end: "returned" });
  });

  it("ends in both directions at the deadline of its caller, which the service knows", async () => {
    const id = newId();
    const caller = chat.call(id, way, "echo", { "connect-timeout-ms": "3000" });
    caller.write("one");
    expect(await caller.untilEnd()).toContain('"code":"deadline_exceeded"');
    await expectStopped(id, way);
    await caller.closed();
  });

  it("ends in both directions at the deadline, where the service knows none", async () => {
    const id = newId();
    const caller = chat.call(id, way, "echo", { "grpc-timeout": "3000m", "x-no-timeout": "1" }, "application/grpc-web+proto");
    caller.write("one");
    expect(await caller.untilEnd()).toMatch(/grpc-status: ?4\b/);
    await expectStopped(id, way);
    await caller.closed();
  });

  it("ends the generator of the service where its caller hangs up between two messages", async () => {
    const id = newId();
    const caller = chat.call(id, way, "echo");
    caller.write("one");
    expect(await caller.next()).toEqual({ text: "one" });
    caller.hangUp();
    await expectStopped(id, way);
  });

  it("ends the generator of the service where its caller hangs up within a message, after its head", async () => {
    const id = newId();
    const caller = chat.call(id, way, "echo");
    caller.write("one");
    expect(await caller.next()).toEqual({ text: "one" });
    caller.sent.write(Buffer.from([0, 0, 0, 0, 3]), () => caller.hangUp());
    await expectStopped(id, way);
  });

  it("ends what its caller sends where the service fails", async () => {
    const id = newId();
    const caller = chat.call(id, way, "fail");
    for (const text of ["one", "two", "three"]) caller.write(text);
    expect(await caller.untilEnd()).toContain('"code":"failed_precondition","message":"no more"');
    await caller.closed(); // its request has not ended, and cannot any more
    expect(await chat.recordOf(id, way)).toMatchObject({ received: 3, sent: 2, end: "FailedPrecondition" });
  });

  it.skipIf(!isRelay(way))("is no whole stream of requests for the second service where the first one fails while it sends", async () => {
    const id = newId();
    const caller = chat.call(id, way, "echo", { "x-does": "throw" });
    caller.write("one");
    expect(await caller.next()).toEqual({ text: "one" }); // before that, the second service may not have been called
    caller.write("two");
    expect(await caller.untilEnd()).toContain('"code":"aborted","message":"nothing more to send"');
    const record = await until("the second service ends", async () => {
      const found = await chat.recordOf(id, way);
      return found?.end !== "" && found;
    });
    expect(record).toMatchObject({ received: 1, requestEnd: expect.stringMatching(BROKEN_OFF) });
  });

  it("ends where the upstream is silent for too long, however much its caller sends", async () => {
    const id = newId();
    const caller = chat.call(id, way, "silent", { "x-idle": "upstream" });
    const sending = setInterval(() => caller.write("more"), 300);
    const end = await caller.untilEnd().finally(() => clearInterval(sending));
    expect(end).toContain('"tidegate-reason":["stream_idle"]');
    await expectStopped(id, way);
    await caller.closed();
  });

  it("ends where the caller and the upstream are silent for too long, and goes on while the upstream sends", async () => {
    const id = newId();
    const caller = chat.call(id, way, "tick", { "x-idle": "caller" });
    caller.write("8"); // messages of the service, 400 ms apart: longer than the limit
    let ticks = 0;
    for (;;) {
      const received = await caller.next();
      if ("text" in received) ticks += 1;
      else {
        expect(received.end).toContain('"tidegate-reason":["body_idle"]');
        break;
      }
    }
    expect(ticks).toBe(8);
    await expectStopped(id, way);
  });
});

describe.concurrent.each([
  ["Connect", createConnectTransport, true],
  ["Connect in JSON", createConnectTransport, false],
  ["gRPC-Web", createGrpcWebTransport, true],
  ["gRPC-Web in JSON", createGrpcWebTransport, false],
] as const)("connect-node over HTTP/1.1: %s", (_, transport, useBinaryFormat) => {
  const clientOf = () => createClient(ChatService, transport({ baseUrl: chat.gateway.origin, httpVersion: "1.1", useBinaryFormat }));

  /** Each message is sent when the response to the one before has come. @param texts what is sent */
  function conversation(texts: readonly string[]) {
    let arrived = Promise.withResolvers<void>();
    async function* requests() {
      for (const text of texts) {
        arrived = Promise.withResolvers<void>();
        yield { text };
        await arrived.promise;
      }
    }
    return { requests: requests(), read: () => arrived.resolve() };
  }

  it("reads each response before it sends the next request", async () => {
    const { requests, read } = conversation(["one", "two", "three"]);
    const texts: string[] = [];
    for await (const { text } of clientOf().chat(requests, { headers: { "x-case": newId() } })) {
      texts.push(text);
      read();
    }
    expect(texts).toEqual(["one", "two", "three"]);
  });

  it("ends the generator of the service by its signal, and by its deadline", async () => {
    const cancel = new AbortController();
    for (const [options, code] of [
      [{ signal: cancel.signal }, Code.Canceled],
      [{ timeoutMs: 3_000 }, Code.DeadlineExceeded],
    ] as const) {
      const id = newId();
      const reading = (async () => {
        const { requests } = conversation(["one", "two"]); // the second one is never sent
        for await (const _ of clientOf().chat(requests, { ...options, headers: { "x-case": id } })) cancel.abort();
      })();
      await expect(reading.catch((error: unknown) => ConnectError.from(error).code)).resolves.toBe(code);
      await expectStopped(id, "a binding");
    }
  });
});
