// Streams of small questions cost by message: each further message of a request stream takes tokens, before the upstream gets it.

import { env } from "cloudflare:workers";
import { encodeEnvelope, encodeEnvelopes } from "@connectrpc/connect/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configure } from "../../workers/gateway/configure/configuration.ts";
import { createGateway } from "../../workers/gateway/gateway.ts";
import { endOfStream, gatewayTo, json, USER } from "../support/gateway.ts";
import { catalog } from "../support/shipped/catalog.ts";
import descriptors from "../support/uploads/uploads.descriptors.ts";
import { reflect } from "../workers/discovery/support.ts";

// The clock moves only where a test moves it: no bucket fills because the machine is busy.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

const rateLimits = { few: { key: "all", mode: "local", capacity: 10, rate: 1, intervalMs: 86_400_000 } } as const;
const ITEM = new TextEncoder().encode('{"name":"x"}');
const IMPORT = "https://gateway.example/uploads.v1.UploadService/Import";
const STREAM = { "content-type": "application/connect+json" };

/** A gateway to a service of uploads, and the messages that its upstream has received. */
function uploads(messageCost: number, limits: object = rateLimits) {
  let messages = 0;
  const UPLOADS = {
    async fetch(url: string, init: RequestInit) {
      const request = new Request(url, init);
      const bytes = new Uint8Array(await request.arrayBuffer());
      for (let at = 0; at < bytes.length; messages++) at += 5 + new DataView(bytes.buffer).getUint32(at + 1);
      const type = request.headers.get("content-type")!;
      const item = type.endsWith("json") ? new TextEncoder().encode("{}") : new Uint8Array();
      const end = encodeEnvelope(2, new TextEncoder().encode("{}"));
      return new Response(new Blob([encodeEnvelope(0, item), end]).stream(), { headers: { "content-type": type } });
    },
  };
  const services = { "uploads.v1.UploadService": { upstream: { binding: "UPLOADS" }, rateLimits: Object.keys(limits), messageCost } };
  const input = { descriptors: [descriptors], rateLimits: limits, services, discovery: false, rest: { jsonRequestStreams: true } };
  const gateway = createGateway(configure(input as never, catalog, { UPLOADS, TOKEN_BUCKET: env.TOKEN_BUCKET }));
  return { gateway, messages: () => messages };
}

const envelopes = (count: number): Uint8Array<ArrayBuffer> =>
  encodeEnvelopes(...Array.from({ length: count }, () => ({ flags: 0, data: ITEM }))) as Uint8Array<ArrayBuffer>;

/** A body without a declared length, cut into chunks of seven bytes. */
function streamed(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) => bytes.slice(7 * at, 7 * at + 7));
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

const sent = (body: BodyInit, headers: Record<string, string> = STREAM, url = IMPORT) =>
  new Request(url, { method: "POST", headers, body });

describe.each([
  { form: "declared", bodyOf: (count: number): BodyInit => envelopes(count) },
  { form: "streamed", bodyOf: (count: number): BodyInit => streamed(envelopes(count)) },
])("a $form stream of messages", ({ bodyOf }) => {
  it("takes a token for each message", async () => {
    const { gateway } = uploads(1);
    expect((await gateway(sent(bodyOf(10)))).status).toBe(200);
    expect(await endOfStream(await gateway(sent(bodyOf(1))))).toMatchObject({ error: { code: "resource_exhausted" } });
  });

  it("ends where the tokens end", async () => {
    const { gateway, messages } = uploads(1);
    expect(await endOfStream(await gateway(sent(bodyOf(11))))).toMatchObject({
      error: { code: "resource_exhausted", message: 'rate limit "few" exceeded' },
    });
    expect(messages()).toBe(0); // the upstream has got no whole request
  });

  it("takes as many tokens for a message as its route says", async () => {
    const { gateway } = uploads(3);
    expect((await gateway(sent(bodyOf(4)))).headers.get("content-type")).toBe("application/connect+json"); // 1 + 3 x 3 = 10
    expect(await endOfStream(await gateway(sent(bodyOf(1))))).toMatchObject({ error: { code: "resource_exhausted" } });
  });

  it("is one call where messages cost nothing", async () => {
    const { gateway, messages } = uploads(0);
    for (let call = 0; call < 10; call++) expect((await gateway(sent(bodyOf(50)))).status).toBe(200);
    expect(messages()).toBe(500);
    expect(await endOfStream(await gateway(sent(bodyOf(1))))).toMatchObject({ error: { code: "resource_exhausted" } });
  });

  it("costs more than the smallest bucket holds, in steps", async () => {
    const large = { capacity: 1_000, rate: 1, intervalMs: 86_400_000, key: "all", mode: "local" } as const;
    const { gateway } = uploads(1, { large, ...rateLimits });
    expect(await endOfStream(await gateway(sent(bodyOf(40))))).toMatchObject({ error: { message: 'rate limit "few" exceeded' } });
  });
});

it.each([
  ["application/x-ndjson", (count: number) => '{"text":"x"}\n'.repeat(count)],
  ["application/json", (count: number) => `[${Array(count).fill('{"text":"x"}').join(",")}]`],
])("lines of REST in %s cost as much", async (type, bodyOf) => {
  const url = "https://gateway.example/up/import/a";
  const passing = uploads(1);
  const whole = await passing.gateway(sent(bodyOf(10), { "content-type": type }, url));
  expect([whole.status, passing.messages()]).toEqual([200, 10]);
  const refused = await uploads(1).gateway(sent(bodyOf(11), { "content-type": type }, url));
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: 8, message: 'rate limit "few" exceeded' }]);
});

describe("reflection at the gateway", () => {
  const question = { case: "fileByFilename", value: "x" } as const;
  const gateway = (input: object = {}) => gatewayTo(() => json(USER), input);

  it("takes a token for each question", async () => {
    const limited = gateway({ rateLimits, defaults: { rateLimits: ["few"] } });
    expect((await reflect(limited, Array(8).fill(question))).error).toBeUndefined();
    expect((await reflect(limited, Array(3).fill(question))).error?.code).toBe("resource_exhausted");
  });

  it("answers 16 questions in a stream, or as many as the configuration says", async () => {
    expect(await reflect(gateway(), Array(17).fill(question))).toMatchObject({
      responses: { length: 16 },
      error: { code: "resource_exhausted" },
    });
    expect((await reflect(gateway({ discovery: { maxMessages: 20 } }), Array(20).fill(question))).error).toBeUndefined();
  });

  it("sends each file once in a stream, whatever is requested", async () => {
    const symbols = ["users.v1.UserService", "users.v1.User", "users.v1.UserService", "google.protobuf.Timestamp"];
    const { responses } = await reflect(
      gateway(),
      symbols.map((value) => ({ case: "fileContainingSymbol", value }) as const),
    );
    const counts = responses.map(
      ({ messageResponse: { value } }) => (value as { fileDescriptorProto: unknown[] }).fileDescriptorProto.length,
    );
    expect(counts[0]).toBeGreaterThan(1);
    expect(counts.slice(1)).toEqual([0, 0, 0]);
  });
});
