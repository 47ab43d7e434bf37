// Messages held to the rules of their protos, for a service that the gateway knows by its descriptors alone.
import { env } from "cloudflare:workers";
import { create, type DescMethod, fromBinary, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { createApp } from "../../../../workers/gateway/app.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { parseDescriptors } from "../../../../workers/gateway/configure/descriptors/descriptors.ts";
import { protovalidate } from "../../../../workers/gateway/configure/protovalidate.ts";
import { endOfStream } from "../../../support/gateway.ts";
import descriptors from "../../../support/notes/notes.descriptors.ts";

const NAME = "notes.v1.NoteService";
const { services } = parseDescriptors([descriptors], []);
const service = services.find(({ typeName }) => typeName === NAME)!;
const addNote = service.methods.find(({ name }) => name === "AddNote")!;
const message = (fields: Record<string, unknown>): Message => create(addNote.input, fields as never);

function gateway(validate: "off" | "report" | "enforce", input: Partial<GatewayInput> = {}) {
  const seen: Request[] = [];
  const NOTES = {
    fetch: async (url: string, init: RequestInit) => {
      seen.push(new Request(url, init));
      const contentType = new Headers(init.headers).get("content-type") ?? "application/json";
      const added = create(addNote.output, { id: "n1" } as never);
      const body = contentType.endsWith("json")
        ? toJsonString(addNote.output, added)
        : (toBinary(addNote.output, added) as Uint8Array<ArrayBuffer>);
      return new Response(body, { headers: { "content-type": contentType } });
    },
  };
  const config = {
    descriptors: [descriptors],
    metrics: { enabled: false }, // without a binding for them there would be a warning in the log
    services: { [NAME]: { upstream: { binding: "NOTES" }, validate, methods: { ImportNotes: { validate: "off" as const } } } },
    ...input,
  };
  const app = createApp(config, [], { TOKEN_BUCKET: env.TOKEN_BUCKET, NOTES }, { validator: protovalidate() });
  return { call: (request: Request) => Promise.resolve(app.fetch(request)), seen };
}

const BAD = { title: "a title that is too long", from: 2, to: 1 };
const post = (contentType: string, body: BodyInit, headers: Record<string, string> = {}, method = "AddNote") =>
  new Request(`https://gateway.example/${NAME}/${method}`, { method: "POST", headers: { "content-type": contentType, ...headers }, body });
const envelope = (bytes: Uint8Array, flags = 0): Uint8Array => {
  const whole = new Uint8Array(5 + bytes.length);
  whole[0] = flags;
  new DataView(whole.buffer).setUint32(1, bytes.length);
  whole.set(bytes, 5);
  return whole;
};
const gzip = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
const binary = (fields: Record<string, unknown>) => toBinary(addNote.input, message(fields)) as Uint8Array<ArrayBuffer>;
const asJson = (fields: Record<string, unknown>) => toJsonString(addNote.input as DescMethod["input"], message(fields));

afterEach(() => void vi.restoreAllMocks());

describe("validate: enforce", () => {
  const forms: [string, () => Request | Promise<Request>][] = [
    ["Connect, JSON", () => post("application/json", asJson(BAD))],
    ["Connect, proto", () => post("application/proto", binary(BAD))],
    ["Connect, gzip", async () => post("application/proto", await gzip(binary(BAD)), { "content-encoding": "gzip" })],
    [
      "Connect, GET",
      () => new Request(`https://gateway.example/${NAME}/FindNote?connect=v1&encoding=json&message=${encodeURIComponent(asJson(BAD))}`),
    ],
    [
      "REST",
      () =>
        new Request("https://gateway.example/api/v1/notes", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: asJson(BAD),
        }),
    ],
  ];

  it.each(forms)("refuses what breaks a rule, with every violation, before the upstream sees it: %s", async (_, request) => {
    const { call, seen } = gateway("enforce");
    const answer = await call(await request());
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(text).toContain("title");
    expect(text).toContain("from must not be after to");
    expect(seen).toHaveLength(0);
  });

  it("speaks gRPC-Web and Connect streams, compressed or not", async () => {
    const { call, seen } = gateway("enforce");
    expect((await call(post("application/grpc-web+proto", envelope(binary(BAD))))).headers.get("grpc-status")).toBe("3");
    const folded = post("application/grpc-web+proto", envelope(await gzip(binary(BAD)), 1), { "grpc-encoding": "gzip" });
    expect((await call(folded)).headers.get("grpc-status")).toBe("3");
    const stream = await call(post("application/connect+proto", envelope(binary(BAD)), {}, "TailNotes"));
    expect((await endOfStream(stream)).error?.code).toBe("invalid_argument");
    expect(seen).toHaveLength(0);
  });

  it("lets pass what keeps the rules, byte for byte", async () => {
    const { call, seen } = gateway("enforce");
    const bytes = binary({ title: "tea", from: 1, to: 2 });
    expect((await call(post("application/proto", bytes))).status).toBe(200);
    expect(fromBinary(addNote.input, new Uint8Array(await seen[0]!.arrayBuffer()))).toMatchObject({ title: "tea" });
  });

  it.each([
    '{"title": "tea", "from": "0x1"}',
    '{"title": "tea", "title": "coffee"}',
    '{"title": "tea", "nope": 1}',
    '{"title": "\\ud800"}',
  ])("refuses what a laxer upstream could take for another message: %s", async (body) => {
    const { call, seen } = gateway("enforce");
    const answer = await call(post("application/json", body));
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: "invalid_argument" }]);
    expect(seen).toHaveLength(0);
  });

  it("refuses what can't be read, in the protocol of the caller, before the upstream sees it", async () => {
    const { call, seen } = gateway("enforce");
    const json = await call(post("application/json", "{"));
    expect([json.status, await json.json()]).toMatchObject([
      400,
      { code: "invalid_argument", message: expect.stringMatching(/^body is not JSON/) },
    ]);
    const coded = await call(post("application/proto", binary(BAD), { "content-encoding": "snappy" }));
    expect([coded.headers.get("accept-encoding"), await coded.json()]).toMatchObject([
      expect.stringContaining("gzip"),
      { code: "unimplemented" },
    ]);
    const web = await call(post("application/grpc-web+proto", new Uint8Array()));
    expect([web.status, web.headers.get("grpc-status")]).toEqual([200, "3"]);
    const stream = await call(post("application/connect+json", envelope(new TextEncoder().encode("{")), {}, "TailNotes"));
    expect((await endOfStream(stream)).error?.code).toBe("invalid_argument");
    expect(seen).toHaveLength(0);
  });

  it("refuses a message for which a rule fails: a caller's fault, and no error of ours", async () => {
    const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { call, seen } = gateway("enforce");
    const answer = await call(post("application/json", '{"title":"tea","pages":[0]}'));
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { code: "invalid_argument", message: expect.stringContaining("a rule cannot be evaluated") },
    ]);
    expect((await call(post("application/json", '{"title":"tea","pages":[7]}'))).status).toBe(200);
    expect([seen.length, errors.mock.calls.length]).toEqual([1, 0]);
  });

  it("matches patterns in linear time: one that backtracking would never finish is answered", async () => {
    const { call } = gateway("enforce");
    const answer = await call(post("application/json", asJson({ title: "tea", tag: `${"a".repeat(50_000)}!` })));
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("tag");
  });
});

it("report lets everything pass, and logs which fields were wrong, not what stood in them", async () => {
  const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const { call, seen } = gateway("report");
  expect((await call(post("application/json", asJson(BAD)))).status).toBe(200);
  expect(seen).toHaveLength(1);
  expect(JSON.parse(log.mock.calls[0]![0])).toMatchObject({
    event: "would_refuse",
    policy: "validate",
    reason: "rules: title, the message",
  });
  expect(log.mock.calls[0]![0]).not.toContain(BAD.title);
});

it.each([
  ["invalid_request", post("application/json", '{"title": "a secret"'), /secret/],
  ["invalid_request: nope", post("application/json", '{"nope": "a secret"}'), /secret/],
] as const)("report logs what can't be read: %s", async (reason, request, secret) => {
  const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const { call, seen } = gateway("report");
  await call(request);
  expect(seen).toHaveLength(1);
  expect(JSON.parse(log.mock.calls[0]![0])).toMatchObject({ event: "would_refuse", policy: "validate", reason });
  expect(log.mock.calls[0]![0]).not.toMatch(secret);
});

it("off looks at nothing", async () => {
  const { call } = gateway("off");
  expect((await call(post("application/json", asJson(BAD)))).status).toBe(200);
});

it("is refused for streams of requests, of which no message would be looked at", () => {
  const config = {
    descriptors: [descriptors],
    services: { [NAME]: { upstream: { url: "http://notes.example" }, validate: "enforce" } },
  } as const;
  expect(() => createApp(config, [], { TOKEN_BUCKET: env.TOKEN_BUCKET }, { validator: protovalidate() })).toThrow(
    /ImportNotes: found a stream of requests/,
  );
});

it("needs the entry that brings it: the configuration says so", () => {
  const config = {
    descriptors: [descriptors],
    services: { [NAME]: { upstream: { url: "http://notes.example" }, validate: "enforce" } },
  } as const;
  expect(() => createApp(config, [], { TOKEN_BUCKET: env.TOKEN_BUCKET })).toThrow(InvalidConfiguration);
  expect(() => createApp(config, [], { TOKEN_BUCKET: env.TOKEN_BUCKET })).toThrow(/validating\.ts/);
});
