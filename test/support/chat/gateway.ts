// A gateway in front of ChatService: over a service binding, over a URL, and of a service that calls another one. Headers of the call pick one.
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { file_lab_v1_lab } from "../../clients/gen/lab/v1/lab_pb.ts";

type App = ReturnType<typeof createApp>;

interface Env extends Bindings {
  readonly CHAT: Fetcher;
  readonly RELAY: Fetcher;
  readonly CHAT_URL: string;
}

/** The limits of silence, each alone: of the upstream, and of the caller. */
const IDLE: Readonly<Record<string, object>> = { upstream: { streamIdleMs: 1_500 }, caller: { requestStreamIdleMs: 1_500 } };

const set = toBinary(FileDescriptorSetSchema, { $typeName: "google.protobuf.FileDescriptorSet", file: [file_lab_v1_lab.proto] });
const descriptors = [btoa(String.fromCharCode(...set))];
const apps = new Map<string, App>();

function appFor(to: string, idle: string, env: Env): App {
  const upstreams: Readonly<Record<string, object>> = {
    binding: { binding: "CHAT" },
    url: { url: env.CHAT_URL },
    translated: { url: env.CHAT_URL, protocol: "grpc_web" },
    relay: { binding: "RELAY" },
  };
  const services = { "lab.v1.ChatService": { upstream: upstreams[to], ...IDLE[idle] } };
  return createApp({ descriptors, discovery: false, services } as GatewayInput, [], env);
}

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const [, worker, path] = /^\/(CHAT|RELAY)(\/.*)/.exec(new URL(request.url).pathname) ?? [];
    if (worker !== undefined) return env[worker as "CHAT" | "RELAY"].fetch(new Request(new URL(path!, request.url), request));
    const to = request.headers.get("x-to") ?? "binding";
    const idle = request.headers.get("x-idle") ?? "";
    const key = `${to} ${idle}`;
    const app = apps.get(key) ?? appFor(to, idle, env);
    apps.set(key, app);
    return app.fetch(request);
  },
};
