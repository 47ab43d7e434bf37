// Runs in the browser: connect-web and Google's grpc-web, from a page of another origin than the gateway's.

import { create, type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { GrpcWebClientBase, MethodDescriptor, type RpcError } from "grpc-web";
import { StatusSchema } from "../../protos/gen/google/rpc/status_pb.ts";
import {
  CountRequestSchema,
  EchoRequestSchema,
  FailRequestSchema,
  LabService,
  ReportRequestSchema,
  SleepRequestSchema,
} from "./gen/lab/v1/lab_pb.ts";
import { type Result, type Scenario, scenarios } from "./scenario.ts";

declare global {
  var runAll: (origin: string, id: string) => Promise<Result[]>;
  var mayRead: (origin: string) => Promise<boolean>;
}

globalThis.runAll = async (origin, id) => {
  const transports = {
    "connect-web, Connect": createConnectTransport({ baseUrl: origin, useBinaryFormat: true }),
    "connect-web, Connect in JSON": createConnectTransport({ baseUrl: origin, useBinaryFormat: false }),
    "connect-web, Connect by GET": createConnectTransport({ baseUrl: origin, useBinaryFormat: true, useHttpGet: true }),
    "connect-web, gRPC-Web": createGrpcWebTransport({ baseUrl: origin, useBinaryFormat: true }),
    "connect-web, gRPC-Web in JSON": createGrpcWebTransport({ baseUrl: origin, useBinaryFormat: false }),
  };
  const all: Scenario[] = [];
  for (const [kind, transport] of Object.entries(transports)) {
    const allCodes = kind === "connect-web, Connect" || kind === "connect-web, gRPC-Web";
    for (const scenario of scenarios(transport, { id: `${id} ${kind}`, sendsStreams: false, allCodes })) {
      if (kind.endsWith("by GET") && scenario.name.includes("200 KiB")) continue; // a URL has 16 KiB
      all.push({ name: `${kind}: ${scenario.name}`, run: () => scenario.run() });
    }
  }
  for (const format of ["text", "binary"] as const) {
    for (const scenario of google(origin, format, `${id} grpc-web ${format}`)) all.push(scenario);
  }
  const results: Result[] = [];
  for (const { name, run } of all) {
    const why = await run().then(
      () => undefined,
      (error: unknown) => String(error),
    );
    results.push({ name, why });
  }
  return results;
};

/** Whether this page gets to read a response: only pages that the gateway lists do. */
globalThis.mayRead = (origin) =>
  fetch(`${origin}/lab/echo/x`).then(
    (response) => response.ok,
    () => false,
  );

/** The descriptor that Google's generator writes for a method. */
function descriptor({ parent, name, input, output, methodKind }: DescMethod): MethodDescriptor<Message, Message> {
  const kind = methodKind === "unary" ? "unary" : "server_streaming";
  const serialize = (message: Message) => toBinary(input, message);
  const deserialize = (bytes: Uint8Array) => fromBinary(output, bytes);
  return new MethodDescriptor(`/${parent.typeName}/${name}`, kind, Object as never, Object as never, serialize, deserialize);
}

function google(origin: string, format: "text" | "binary", id: string): Scenario[] {
  const client = new GrpcWebClientBase({ format });
  const { echo, fail, sleep, count, report } = LabService.method;
  const call = (method: DescMethod, message: Message, metadata: Record<string, string> = {}): Promise<Message> =>
    client.unaryCall(`${origin}/${method.parent.typeName}/${method.name}`, message, metadata, descriptor(method));
  const failed = (promise: Promise<unknown>): Promise<RpcError> =>
    promise.then(
      () => Promise.reject(new Error("the call succeeded")),
      (error: RpcError) => error,
    );
  const stream = (message: Message) =>
    client.serverStreaming(`${origin}/${count.parent.typeName}/${count.name}`, message, {}, descriptor(count));
  const read = (message: Message): Promise<{ numbers: number[]; error: RpcError | undefined; status: Record<string, string> }> =>
    new Promise((resolve) => {
      const numbers: number[] = [];
      let status: Record<string, string> = {};
      stream(message)
        .on("data", (response) => numbers.push((response as Message & { number: number }).number))
        .on("status", ({ metadata }) => {
          status = metadata ?? {};
        })
        .on("error", (error) => resolve({ numbers, error, status }))
        .on("end", () => resolve({ numbers, error: undefined, status }));
    });
  const named = (name: string, run: () => Promise<void>): Scenario => ({ name: `grpc-web, ${format}: ${name}`, run });
  const all = [
    named("unary", async () => {
      for (const size of [0, 1, 2, 3, 204_800]) {
        const message = create(EchoRequestSchema, { text: "Grüße", data: new Uint8Array(size).fill(7) });
        const response = (await call(echo, message, { "x-lead": "first" })) as Message & {
          data: Uint8Array;
          headers: Record<string, string>;
        };
        same([response.data.length, response.headers["x-lead"]], [size, "first"]);
      }
    }),
    named("a stream of responses", async () => {
      same((await read(create(CountRequestSchema, { count: 3, everyMs: 20 }))).numbers, [1, 2, 3]);
    }),
    named("an error with details", async () => {
      const error = await failed(call(fail, create(FailRequestSchema, { code: 9, message: "geht nicht: Grüße" })));
      same([error.code, error.message, error.metadata["x-meta"]], [9, "geht nicht: Grüße", "kept"]);
      const details = error.metadata["grpc-status-details-bin"] ?? "";
      const bytes = Uint8Array.from(atob(details), (letter) => letter.charCodeAt(0));
      same(fromBinary(StatusSchema, bytes).details.length, 3);
    }),
    named("an error after two messages", async () => {
      const { numbers, error } = await read(create(CountRequestSchema, { count: 2, failWith: Code.Aborted }));
      same([numbers, error?.code, error?.message], [[1, 2], Code.Aborted, "after 2"]);
    }),
    named("all 16 codes", async () => {
      for (let code = 1; code <= 16; code++) {
        same((await failed(call(fail, create(FailRequestSchema, { code, message: `code ${code}` })))).code, code);
      }
    }),
    named("a deadline", async () => {
      const sleeping = call(sleep, create(SleepRequestSchema, { id, ms: 30_000 }), { deadline: String(Date.now() + 2_000) });
      same((await failed(sleeping)).code, Code.DeadlineExceeded);
    }),
  ];
  // In binary mode this client reads a stream when it has ended.
  if (format === "text")
    all.push(
      named("messages of a stream arrive one by one, and canceling it reaches the upstream", async () => {
        await new Promise<void>((resolve, reject) => {
          const reading = stream(create(CountRequestSchema, { id: `${id} cancel`, count: 1_000, everyMs: 50 }));
          reading.on("error", ({ message }) => reject(new Error(message)));
          reading.on("data", () => {
            reading.cancel();
            resolve();
          });
        });
        for (const late = Date.now() + 30_000; ; ) {
          const found = (await call(report, create(ReportRequestSchema, { id: `${id} cancel` }))) as Message & { wasCanceled: boolean };
          if (found.wasCanceled) return;
          if (Date.now() > late) throw new Error("the upstream did not receive the cancellation within 30 s");
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }),
    );
  return all;
}

function same(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`found ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}
