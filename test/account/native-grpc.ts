// Proves that Cloudflare's edge turns the gateway's gRPC-Web into native gRPC, which no test on this machine can: deploys a gateway before
// a public gRPC server that serves grpc.health.v1.Health at port 443, and calls it.
// node test/account/native-grpc.ts --url https://grpc.example [--dry-run]
import { parseArgs } from "node:util";
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { file_grpc_health_v1_health, Health } from "../../protos/gen/grpc/health/v1/health_pb.ts";
import { withDeployed } from "./deployed.ts";

const { values } = parseArgs({ options: { url: { type: "string" }, "dry-run": { type: "boolean", default: false } } });
if (values.url === undefined || !values.url.startsWith("https://")) {
  console.error(
    "usage: node test/account/native-grpc.ts --url https://HOST [--dry-run]\n  HOST: a gRPC server with grpc.health.v1.Health at port 443",
  );
  process.exit(2);
}
const set = toBinary(FileDescriptorSetSchema, { $typeName: "google.protobuf.FileDescriptorSet", file: [file_grpc_health_v1_health.proto] });
const CONFIGURATION = JSON.stringify({
  descriptors: [Buffer.from(set).toString("base64")],
  discovery: false,
  services: { "grpc.health.v1.Health": { upstream: { url: values.url, protocol: "grpc" } } },
});
const gateway = {
  name: "tidegate-proof-native-grpc",
  entry: "test/account/workers/gateway.ts",
  variables: { CONFIGURATION },
  isPublic: true,
};

await withDeployed([gateway], values["dry-run"], async (origin) => {
  const options = { baseUrl: origin, httpVersion: "1.1", useBinaryFormat: true } as const;
  const transports = { Connect: createConnectTransport(options), "gRPC-Web": createGrpcWebTransport(options) };
  for (const [protocol, transport] of Object.entries(transports)) {
    const client = createClient(Health, transport);
    const { status } = await client.check({}, { timeoutMs: 20_000 });
    console.log(`${protocol}: unary, the server's status is ${status} (1 is SERVING)`);
    for await (const { status } of client.watch({}, { timeoutMs: 20_000 })) {
      console.log(`${protocol}: the first message of a stream, ${status}`);
      break;
    }
    const error = await client.check({ service: "no.such.Service" }, { timeoutMs: 20_000 }).catch((reason: unknown) => reason);
    console.log(`${protocol}: an error, ${String(error)}`);
  }
});
process.exit(0);
