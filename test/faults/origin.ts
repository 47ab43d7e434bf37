// An upstream on a raw socket: it sends the bytes of the fault that a request names, however wrong they are, and records what it received.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Framing, framingOf, takeBody } from "./framing.ts";
import { type FaultName, replyTo } from "./replies.ts";

/** What the origin does with a request whose body has arrived. */
export interface Reply {
  readonly bytes: Uint8Array | string; // sent as they are
  readonly end: "keep" | "close" | "reset"; // what becomes of the connection afterwards
  readonly everyMs?: number; // bytes after the head are sent one at a time, with this pause
  readonly again?: Uint8Array; // sent over and over, until the gateway closes the connection
}

/** One request as the origin has received it so far. */
export interface Received {
  readonly head: string; // request line and fields, as sent
  readonly line: string;
  readonly fields: ReadonlyMap<string, string>; // names in lower case; the values of one name joined by ", "
  body: Buffer; // without the framing of chunks
  isEnded: boolean; // the whole body has arrived
  isClosed: boolean; // the connection is closed
}

export interface RawOrigin {
  readonly port: number;
  readonly url: string;
  /** Requests since the last call of `clear`, as soon as their heads have arrived. */
  readonly received: readonly Received[];
  clear(): void;
  /** Replies to requests without a fault; undefined restores the good ones. */
  reply(next: ((request: Received) => Reply) | undefined): void;
  /** Sends bytes on every open connection: more of responses that are not complete. */
  sendOnAll(bytes: Uint8Array): void;
  stop(): void;
}

/** A request names its fault in the header `x-fault`; without one, or with an unknown name, the response is good. */
export async function rawOrigin(): Promise<RawOrigin> {
  const sockets = new Set<Socket>();
  const received: Received[] = [];
  let custom: ((request: Received) => Reply) | undefined;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined); // the gateway may reset the connection
    const serving = new Serving(
      socket,
      (request) => custom?.(request) ?? replyTo(request, request.fields.get("x-fault") as FaultName | undefined),
    );
    socket.on("data", (chunk) => received.push(...serving.take(chunk)));
    socket.on("close", () => {
      sockets.delete(socket);
      serving.closed();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    received,
    clear: () => void received.splice(0),
    reply(next) {
      custom = next;
    },
    sendOnAll(bytes) {
      for (const socket of sockets) socket.write(bytes);
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The requests of one connection, one after the other. */
class Serving {
  readonly #socket: Socket;
  readonly #replyTo: (request: Received) => Reply;
  #rest: Buffer = Buffer.alloc(0);
  #current: { readonly request: Received; readonly framing: Framing } | undefined;
  readonly #all: Received[] = [];

  constructor(socket: Socket, replyTo: (request: Received) => Reply) {
    this.#socket = socket;
    this.#replyTo = replyTo;
  }

  /** @returns requests that begin in this chunk */
  take(chunk: Buffer): Received[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const begun: Received[] = [];
    for (;;) {
      if (this.#current === undefined) {
        const end = this.#rest.indexOf("\r\n\r\n");
        if (end < 0) return begun;
        const request = requestOf(this.#rest.subarray(0, end).toString("latin1"));
        this.#rest = this.#rest.subarray(end + 4);
        this.#current = { request, framing: framingOf(request.fields) };
        this.#all.push(request);
        begun.push(request);
      }
      const { request, framing } = this.#current;
      const taken = takeBody(this.#rest, framing);
      this.#rest = taken.rest;
      request.body = Buffer.concat([request.body, taken.data]);
      if (!taken.isEnded) return begun;
      request.isEnded = true;
      this.#current = undefined;
      void send(this.#socket, this.#replyTo(request));
    }
  }

  closed(): void {
    for (const request of this.#all) request.isClosed = true;
  }
}

function requestOf(head: string): Received {
  const [line = "", ...lines] = head.split("\r\n");
  const fields = new Map<string, string>();
  for (const text of lines) {
    const colon = text.indexOf(":");
    const name = text.slice(0, colon).toLowerCase();
    const value = text.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { head, line, fields, body: Buffer.alloc(0), isEnded: false, isClosed: false };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function send(socket: Socket, { bytes, end, everyMs, again }: Reply): Promise<void> {
  const data = Buffer.from(bytes as string, "latin1");
  const headEnd = everyMs === undefined ? data.length : data.indexOf("\r\n\r\n") + 4;
  if (headEnd > 0) await written(socket, data.subarray(0, headEnd));
  for (let at = headEnd; at < data.length && !socket.destroyed; at++) {
    await pause(everyMs!);
    await written(socket, data.subarray(at, at + 1));
  }
  while (again !== undefined && !socket.destroyed) await written(socket, again);
  if (end === "close") socket.end();
  if (end === "reset") socket.resetAndDestroy();
}

/** Resolves when the bytes have left, or when the connection is closed. */
function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once("close", resolve);
    socket.write(bytes, () => {
      socket.off("close", resolve);
      resolve();
    });
  });
}
