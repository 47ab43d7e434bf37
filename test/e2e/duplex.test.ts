// Full duplex over sockets, in workerd itself: each message gets its response before the next one is sent, so one that waits for the end of
// the request never passes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GATEWAY_OBJECTS, subjects } from "../../bench/subjects.ts";
import { type Running, start } from "../../bench/workerd.ts";
import { ServerReflectionRequestSchema, ServerReflectionResponseSchema } from "../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { configuration } from "../clients/configuration.ts";
import { converse } from "../clients/duplex.ts";
import { ChatRequestSchema, ChatResponseSchema } from "../clients/gen/lab/v1/lab_pb.ts";

const folder = mkdtempSync(join(tmpdir(), "tidegate-duplex-"));
const running: Running[] = [];
const gateways: Record<string, string> = {}; // origins, by what the upstream of chats is said to speak

beforeAll(async () => {
  const users = subjects["service"]!;
  const chat = await start(join(folder, "chat"), { ...users, entry: "test/clients/lab/chat.ts", objects: [] }, { upstreamPort: 1, cpu: 0 });
  running.push(chat);
  for (const protocol of ["both", "connect", "grpc_web"] as const) {
    const config = configuration("http://127.0.0.1:1", chat.origin, "http://localhost:1");
    const services = { ...config.services, "lab.v1.ChatService": { upstream: { url: chat.origin, protocol } } };
    const subject = {
      ...users,
      entry: "test/clients/lab/gateway.ts",
      objects: [],
      gatewayObjects: GATEWAY_OBJECTS,
      workers: { USERS: users, ORDERS: users },
      variables: { CONFIGURATION: JSON.stringify({ ...config, services }) },
    };
    const gateway = await start(join(folder, protocol), subject, { upstreamPort: 1, cpu: 1 });
    running.push(gateway);
    gateways[protocol] = gateway.origin;
  }
}, 120_000);

afterAll(() => {
  for (const { stop } of running) stop();
  rmSync(folder, { recursive: true, force: true });
});

it.each([
  ["both", "application/connect+proto"],
  ["both", "application/grpc-web+proto"],
  ["grpc_web", "application/connect+proto"], // translated, envelope by envelope
  ["connect", "application/grpc-web+proto"],
])(
  "an upstream over HTTP/1.1 that speaks %s, called in %s",
  async (protocol, contentType) => {
    const call = {
      origin: gateways[protocol]!,
      path: "/lab.v1.ChatService/Chat",
      contentType,
      input: ChatRequestSchema,
      output: ChatResponseSchema,
    };
    const responses = await converse(call, [{ text: "one" }, { text: "two" }, { text: "three" }]);
    expect(responses.map(({ text }) => text)).toEqual(["one!", "two!", "three!"]);
  },
  30_000,
);

it.each(["application/connect+proto", "application/grpc-web+proto"])(
  "a service binding, called in %s",
  async (contentType) => {
    const schemas = { input: ServerReflectionRequestSchema, output: ServerReflectionResponseSchema };
    const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    const listing = { messageRequest: { case: "listServices", value: "" } } as const;
    const responses = await converse({ origin: gateways["both"]!, path, contentType, ...schemas }, [listing, listing]);
    expect(responses.map(({ messageResponse }) => messageResponse.case)).toEqual(["listServicesResponse", "listServicesResponse"]);
  },
  30_000,
);
