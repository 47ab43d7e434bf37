// Streams of responses over sockets, of upstreams that do not end them: how they end at the deadline of the call.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { open } from "./client.ts";
import { contentTypeOf, envelope, ITEM, type Setup, setUp } from "./start.ts";
import { type Behavior, envelopesIn } from "./upstream.ts";

const SERVICE = "/uploads.v1.UploadService";
let setup: Setup | undefined;
let count = 0;

beforeAll(async () => {
  setup = await setUp();
}, 60_000);

afterAll(() => setup?.stop());

function newCase(behavior: Behavior, headers: Record<string, string>): { headers: Record<string, string>; origin: string } {
  count += 1;
  const id = `deadline-${count}`;
  setup!.upstream.behave(id, behavior);
  return { headers: { "x-case": id, ...headers }, origin: setup!.gateway.origin };
}

describe.concurrent.each([
  ["application/connect+proto", "connect-timeout-ms", ""],
  ["application/grpc-web+proto", "grpc-timeout", "m"],
])("a stream in %s whose time is up", (type, name, unit) => {
  const opened = (parts: readonly Buffer[]): Behavior => ({
    when: "end",
    respond: (seen) => ({ headers: { "content-type": contentTypeOf(seen) }, parts, isOpen: true }),
  });
  const requests = [
    ["Watch", "of known length"],
    ["Watch", "in chunks"],
    ["Chat", "of known length"],
    ["Chat", "in chunks"],
  ] as const;

  for (const spoken of ["both", type.includes("connect") ? "grpc_web" : "connect"]) {
    it.each(requests)(
      `ends with deadline_exceeded where the request has ended: %s, %s, of an upstream that speaks ${spoken}`,
      async (method, kind) => {
        const timeout = { [name]: `4000${unit}` };
        const { headers, origin } = newCase(opened([envelope(ITEM)]), { "content-type": type, ...timeout, "x-spoken": spoken });
        const body = envelope(ITEM);
        const framing = kind === "in chunks" ? { "transfer-encoding": "chunked" } : { "content-length": String(body.length) };
        const { sent, received } = open(origin, `${SERVICE}/${method}`, { ...headers, ...framing });
        sent.end(body);
        const response = await received;
        expect(response.isWhole).toBe(true);
        const [first, last, ...more] = envelopesIn(response.body).messages;
        expect(more).toEqual([]);
        expect(Buffer.from(first!)).toEqual(ITEM);
        expect(Buffer.from(last!).toString()).toMatch(/deadline_exceeded|grpc-status: 4\b/);
      },
    );
  }

  it.each(requests)("breaks off where the upstream is within a message: %s, %s", async (method, kind) => {
    const timeout = { [name]: `4000${unit}` };
    const { headers, origin } = newCase(opened([envelope(ITEM), envelope(ITEM).subarray(0, 6)]), { "content-type": type, ...timeout });
    const body = envelope(ITEM);
    const framing = kind === "in chunks" ? { "transfer-encoding": "chunked" } : { "content-length": String(body.length) };
    const { sent, received } = open(origin, `${SERVICE}/${method}`, { ...headers, ...framing });
    sent.end(body);
    const { isWhole, body: responded } = await received;
    expect([isWhole, envelopesIn(responded).isWhole]).toEqual([false, false]);
  });
});
