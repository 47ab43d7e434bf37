// The configuration that both gateways of the test run with: the shipped services, and those of lab.proto by their descriptor set.
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { file_grpc_reflection_v1_reflection } from "../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { file_lab_v1_lab } from "./gen/lab/v1/lab_pb.ts";

/** @param page origin of the web page that calls */
export function configuration(labUrl: string, chatUrl: string, page: string): GatewayInput {
  const files = [file_lab_v1_lab.proto, file_grpc_reflection_v1_reflection.proto];
  const set = toBinary(FileDescriptorSetSchema, { $typeName: "google.protobuf.FileDescriptorSet", file: files, $unknown: [] } as never);
  const rule = { key: "ip", capacity: 1_000_000, rate: 1_000_000, intervalMs: 1_000, fail: "open" } as const;
  return {
    descriptors: [Buffer.from(set).toString("base64")],
    rateLimits: { "per-caller": rule },
    defaults: { rateLimits: ["per-caller"], maxBodyBytes: 4_194_304 },
    cors: { origins: [page], allowHeaders: ["X-Lead"], exposeHeaders: ["X-Leading", "Trailer-X-Trailing", "X-Meta"] },
    services: {
      "users.v1.UserService": { upstream: { binding: "USERS" } },
      "orders.v1.OrderService": { upstream: { binding: "ORDERS" } },
      "grpc.reflection.v1.ServerReflection": { upstream: { binding: "USERS" } },
      "lab.v1.ChatService": { upstream: { url: chatUrl } },
      "lab.v1.LabService": {
        upstream: { url: labUrl },
        retries: { max: 0 },
        breaker: { mode: "off" },
        methods: {
          Echo: { http: [{ get: "/lab/echo/{text}" }] },
          Fail: { http: [{ post: "/lab/fail", body: "*" }] },
          Count: { http: [{ get: "/lab/count/{count}" }] },
        },
      },
    },
  };
}
