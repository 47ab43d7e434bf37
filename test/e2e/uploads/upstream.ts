// An upstream on a raw socket: it records the bytes of each request, and whether they came to their proper end.
import { createServer, type Server, type Socket } from "node:net";

/** What has come of one request so far. */
export interface Seen {
  readonly head: string; // request line and header fields, lower case but for the line
  body: Buffer; // without the framing of HTTP
  isEnded: boolean; // whether the last chunk, or all bytes of the declared length, have arrived
  isClosed: boolean; // the connection
}

/** How a request is responded to. */
export interface Behavior {
  /** "end": when the request has ended; "first": when its first bytes have come; "never". */
  readonly when: "end" | "first" | "never";
  /** All of the response behind its status line, for a request. */
  readonly respond: (seen: Seen) => Response;
}

interface Response {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly parts: readonly Uint8Array[];
  readonly isOpen?: boolean; // the response is not ended
  readonly again?: Uint8Array; // sent over and over
  readonly more?: Promise<readonly Uint8Array[]>; // sent when it resolves; then the response is ended
}

export class RawUpstream {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #seen = new Map<string, Seen[]>();
  readonly #behaviors = new Map<string, Behavior>();
  port = 0;

  constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.port = (this.#server.address() as { port: number }).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  /** @param id of a case: requests say theirs in `x-case` */
  behave(id: string, behavior: Behavior): void {
    this.#behaviors.set(id, behavior);
  }

  seen(id: string): readonly Seen[] {
    return this.#seen.get(id) ?? [];
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let raw = Buffer.alloc(0);
    let seen: Seen | undefined;
    let hasResponded = false;
    const respond = (one: Seen, id: string, isFirst: boolean): void => {
      const behavior = this.#behaviors.get(id);
      if (hasResponded || behavior === undefined || behavior.when === "never" || (isFirst && behavior.when !== "first")) return;
      hasResponded = true;
      const { status = 200, headers = {}, parts, isOpen = false, again, more } = behavior.respond(one);
      const fields = Object.entries({ ...headers, connection: "close", "transfer-encoding": "chunked" });
      socket.write(`HTTP/1.1 ${status} Status\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
      const write = (all: readonly Uint8Array[]): void => {
        for (const part of all) {
          if (part.length === 0) continue;
          socket.write(`${part.length.toString(16)}\r\n`);
          socket.write(part);
          socket.write("\r\n");
        }
      };
      write(parts);
      if (more === undefined && !isOpen) socket.end("0\r\n\r\n");
      if (again !== undefined) {
        const timer = setInterval(() => write([again]), 20);
        socket.on("close", () => clearInterval(timer));
      }
      void more?.then((all) => {
        write(all);
        socket.end("0\r\n\r\n");
      });
    };
    socket.on("data", (chunk: Buffer) => {
      raw = Buffer.concat([raw, chunk]);
      const end = raw.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = raw.subarray(0, end).toString("latin1");
      const id = /^x-case: (.*)$/im.exec(head)?.[1] ?? "";
      if (seen === undefined) {
        seen = { head, body: Buffer.alloc(0), isEnded: false, isClosed: false };
        this.#seen.set(id, [...this.seen(id), seen]);
      }
      read(seen, raw.subarray(end + 4));
      if (seen.body.length > 0 || seen.isEnded) respond(seen, id, !seen.isEnded);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      if (seen !== undefined) seen.isClosed = true;
    });
  }
}

function read(seen: Seen, rest: Buffer): void {
  const length = /^content-length: (\d+)$/im.exec(seen.head)?.[1];
  if (!/^transfer-encoding: chunked$/im.test(seen.head)) {
    seen.body = rest;
    seen.isEnded = rest.length >= Number(length ?? 0);
    return;
  }
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = rest.indexOf("\r\n", at);
    if (line < 0) break;
    const size = Number.parseInt(rest.subarray(at, line).toString(), 16);
    if (size === 0) {
      seen.isEnded = true;
      break;
    }
    parts.push(rest.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
    if (at > rest.length) break;
  }
  seen.body = Buffer.concat(parts);
}

/** The messages of a body of envelopes; `isWhole`: it does not end within one. */
export function envelopesIn(body: Uint8Array): { readonly messages: Uint8Array[]; readonly isWhole: boolean } {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at + 5 <= body.length && at + 5 + view.getUint32(at + 1) <= body.length) {
    const end = at + 5 + view.getUint32(at + 1);
    messages.push(body.subarray(at + 5, end));
    at = end;
  }
  return { messages, isWhole: at === body.length };
}
