// What the suite starts as the client under test: node client.ts BUNDLE. Calls are made by the Worker, many at once.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ClientCompatRequestSchema, ClientCompatResponseSchema } from "./gen/connectrpc/conformance/v1/client_compat_pb.ts";
import { messagesFrom, send } from "./wire.ts";
import { start } from "./workerd.ts";

const AT_ONCE = 8;

const running = await start(process.argv[2] ?? "", {});
const busy = new Set<Promise<void>>();
for await (const request of messagesFrom(ClientCompatRequestSchema, process.stdin)) {
  const call = forward(toBinary(ClientCompatRequestSchema, request)).finally(() => busy.delete(call));
  busy.add(call);
  if (busy.size >= AT_ONCE) await Promise.race(busy);
}
await Promise.all(busy);
running.stop();

async function forward(body: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${running.port}/`, { method: "POST", body });
  const bytes = new Uint8Array(await response.arrayBuffer());
  send(process.stdout, ClientCompatResponseSchema, fromBinary(ClientCompatResponseSchema, bytes));
}
