// connect-node, in each of its protocols and encodings, over HTTP/1.1 and HTTP/2.
import { createClient } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip, createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { Checks } from "./checks.ts";
import { equal } from "./checks.ts";
import type { Front } from "./fronts.ts";
import { ChatService } from "./gen/lab/v1/lab_pb.ts";
import { scenarios } from "./scenario.ts";

export async function connectNode(checks: Checks, { name, http1, http2 }: Front): Promise<void> {
  const one = { baseUrl: http1, httpVersion: "1.1" } as const;
  const two = { baseUrl: http2, httpVersion: "2" } as const;
  const compressed = { sendCompression: compressionGzip, compressMinBytes: 1, acceptCompression: [compressionGzip] };
  const transports = {
    Connect: createConnectTransport({ ...one, useBinaryFormat: true }),
    "Connect in JSON": createConnectTransport({ ...one, useBinaryFormat: false }),
    "Connect by GET": createConnectTransport({ ...one, useBinaryFormat: true, useHttpGet: true }),
    "Connect, gzip": createConnectTransport({ ...one, useBinaryFormat: true, ...compressed }),
    "Connect, br": createConnectTransport({
      ...one,
      useBinaryFormat: true,
      sendCompression: compressionBrotli,
      compressMinBytes: 1,
      acceptCompression: [compressionBrotli],
    }),
    "Connect over HTTP/2": createConnectTransport({ ...two, useBinaryFormat: true }),
    "gRPC-Web": createGrpcWebTransport({ ...one }),
    "gRPC-Web in JSON": createGrpcWebTransport({ ...one, useBinaryFormat: false }),
    "gRPC-Web, gzip": createGrpcWebTransport({ ...one, ...compressed }),
  };
  for (const [kind, transport] of Object.entries(transports)) {
    const id = `node ${name} ${kind}`;
    const allCodes = kind === "Connect" || kind === "gRPC-Web";
    for (const scenario of scenarios(transport, { id, sendsStreams: true, allCodes })) {
      if (kind === "Connect by GET" && scenario.name.includes("200 KiB")) continue; // a URL has 16 KiB
      await checks.check(`${name}: connect-node, ${kind}: ${scenario.name}`, () => scenario.run());
    }
  }
  for (const [kind, transport] of [
    ["Connect, duplex", createConnectTransport({ ...two, useBinaryFormat: true })],
    ["gRPC-Web, duplex", createGrpcWebTransport({ ...two })],
  ] as const) {
    await checks.check(`${name}: connect-node, ${kind}: each message is answered before the next one is sent`, async () => {
      const answered: string[] = [];
      let arrived = Promise.withResolvers<void>();
      const requests = async function* () {
        for (const text of ["one", "two", "three"]) {
          arrived = Promise.withResolvers<void>();
          yield { text };
          await arrived.promise; // else this never ends
        }
      };
      for await (const { text } of createClient(ChatService, transport).chat(requests())) {
        answered.push(text);
        arrived.resolve();
      }
      equal(answered, ["one!", "two!", "three!"]);
    });
  }
}
