// The gateways of test/support/uploads in workerd, in front of a raw upstream: one process for many cases.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, start } from "../../../bench/workerd.ts";
import { type Behavior, envelopesIn, RawUpstream, type Seen } from "./upstream.ts";

export interface Setup {
  readonly gateway: Running;
  readonly upstream: RawUpstream;
  stop(): void;
}

export async function setUp(): Promise<Setup> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-uploads-"));
  const upstream = new RawUpstream();
  await upstream.listen();
  const subject = {
    entry: "test/support/uploads/gateway.ts",
    about: "",
    flags: ["enable_request_signal"], // the flags of wrangler.toml
    variables: { UPSTREAM_URL: `http://127.0.0.1:${upstream.port}` },
    prepare: () => Promise.reject(new Error("no load")),
  };
  const gateway = await start(folder, { ...subject, workers: { INNER: subject } }, { upstreamPort: 1, cpu: 0 });
  const stop = (): void => {
    gateway.stop();
    upstream.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { gateway, upstream, stop };
}

export const text = (value: string): Buffer => Buffer.from(value);

export function envelope(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** `Item { name: "a" }`, as proto. */
export const ITEM = Buffer.from([0x0a, 1, 0x61]);
export const connectEnd = (error?: object): Buffer => envelope(text(JSON.stringify(error === undefined ? {} : { error })), 2);
export const webEnd = (status = 0, message = ""): Buffer =>
  envelope(text(`grpc-status: ${status}\r\n${message === "" ? "" : `grpc-message: ${message}\r\n`}`), 0x80);

export const contentTypeOf = ({ head }: Seen): string => /^content-type: (.*)$/im.exec(head)?.[1] ?? "";

/** Responds with one message, in whichever protocol the gateway has called in. */
export const inKind = (when: Behavior["when"], isOpen = false): Behavior => ({
  when,
  respond: (seen) => {
    const type = contentTypeOf(seen);
    const headers = { "content-type": type === "" ? "application/proto" : type };
    const end = type.startsWith("application/grpc-web") ? webEnd() : connectEnd();
    if (!/connect\+|grpc-web/.test(type)) return { headers, parts: [ITEM], isOpen };
    return { headers, parts: [envelope(ITEM), ...(isOpen ? [] : [end])], isOpen };
  },
});

/** Whether an upstream may take what it has seen for a whole request. */
export function isTakenForWhole({ isEnded, body, head }: Seen): boolean {
  return isEnded && (/content-type: application\/(connect|grpc-web)/i.test(head) ? envelopesIn(body).isWhole : true);
}
