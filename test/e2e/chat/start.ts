// ChatService and a gateway in workerd: the service in the process of the gateway, and in one of its own; and another service that calls both.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, start } from "../../../bench/workerd.ts";
import type { CallRecord } from "../../support/chat/call-record.ts";
import { ChatCaller } from "./client.ts";

/** How a call gets from the gateway to the service, as headers of the call. */
export const WAYS = {
  "a binding": { "x-to": "binding" },
  "a URL": { "x-to": "url" },
  "a URL, translated": { "x-to": "translated" },
  "a service that calls over a binding": { "x-to": "relay" },
  "a service that calls over a URL": { "x-to": "relay", "x-over": "url" },
} as const;
export type Way = keyof typeof WAYS;

export interface Chat {
  readonly gateway: Running;
  readonly service: Running;
  /** Calls through the gateway. @param does what the service does, see test/support/chat/service.ts */
  call(id: string, way: Way, does: string, headers?: Readonly<Record<string, string>>, contentType?: string): ChatCaller;
  /** What became of a call at the service at the end of the way; undefined before it has begun. */
  recordOf(id: string, way: Way): Promise<CallRecord | undefined>;
  /** What became of a call at the service that calls another one. */
  relayRecordOf(id: string): Promise<CallRecord | undefined>;
  /** Lets a service that does `hold` go on. */
  release(id: string, way: Way): Promise<void>;
  stop(): void;
}

export const isRelay = (way: Way): boolean => WAYS[way]["x-to"] === "relay";
const isOverUrl = (way: Way): boolean => way.includes("URL");

export async function startChat(): Promise<Chat> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-chat-"));
  const chat = { entry: "test/support/chat/service.ts", about: "", prepare: () => Promise.reject(new Error("no load")) };
  const service = await start(join(folder, "service"), chat, { upstreamPort: 1, cpu: 0 });
  const variables = { CHAT_URL: service.origin };
  const workers = { CHAT: chat, RELAY: { ...chat, variables, workers: { CHAT: chat } } };
  const entry = "test/support/chat/gateway.ts";
  const gateway = await start(
    join(folder, "gateway"),
    { ...chat, entry, flags: ["enable_request_signal"], variables, workers }, // the flags of wrangler.toml
    { upstreamPort: 1, cpu: 1 },
  ).catch((error: unknown) => {
    service.stop();
    throw error;
  });
  const records = async (origin: string): Promise<Readonly<Record<string, CallRecord>>> =>
    (await fetch(`${origin}/records`)).json() as never;
  const originOf = (way: Way): string => (isOverUrl(way) ? service.origin : `${gateway.origin}/CHAT`);
  const idOf = (id: string, way: Way): string => (isRelay(way) ? `${id}-next` : id);
  return {
    gateway,
    service,
    call: (id, way, does, headers, contentType) => {
      const own = isRelay(way) ? { "x-does": "relay", "x-next": does } : { "x-does": does };
      return new ChatCaller(gateway.origin, { "x-case": id, ...WAYS[way], ...own, ...headers }, contentType);
    },
    recordOf: async (id, way) => (await records(originOf(way)))[idOf(id, way)],
    relayRecordOf: async (id) => (await records(`${gateway.origin}/RELAY`))[id],
    release: async (id, way) => void (await fetch(`${originOf(way)}/release/${idOf(id, way)}`)),
    stop: () => {
      gateway.stop();
      service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a condition holds, however busy the machine is. @returns its value */
export async function until<T>(what: string, condition: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within 60 s: ${what}`);
}

/** Bytes in the socket buffers of the kernel, of connections that one of the ports takes part in; undefined where the platform does not show them. */
export function bytesInSockets(ports: readonly number[]): number | undefined {
  let table: string;
  try {
    table = readFileSync("/proc/net/tcp", "utf8");
  } catch {
    return undefined;
  }
  let bytes = 0;
  for (const line of table.split("\n").slice(1)) {
    const [, local = "", remote = "", , queues = ""] = line.trim().split(/\s+/);
    const [sent, received] = queues.split(":");
    if (![local, remote].some((address) => ports.includes(Number.parseInt(address.split(":")[1] ?? "", 16)))) continue;
    bytes += Number.parseInt(sent!, 16) + Number.parseInt(received!, 16);
  }
  return bytes;
}
