// An upstream on a raw socket: it sends the bytes that a test has chosen, and no others, however wrong they are.

import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";

/** What the upstream does with a request. */
export interface Reply {
  readonly bytes: Uint8Array | string; // sent as they are
  readonly end: "keep" | "close" | "reset"; // what becomes of the connection afterwards
}

export interface RawUpstream {
  readonly port: number;
  /** Heads of the requests since the last call of this. */
  taken(): string[];
  stop(): void;
}

/** @param replyTo by the head of a request, and its number since the start; requests are read to their ends first */
export async function rawUpstream(replyTo: (head: string, number: number) => Reply): Promise<RawUpstream> {
  let heads: string[] = [];
  let number = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let request = firstOf(text); request !== undefined; request = firstOf(text)) {
        text = text.slice(request.length);
        heads.push(request.head);
        number += 1;
        const { bytes, end } = replyTo(request.head, number);
        const after = (): void => {
          if (end === "close") socket.end();
          if (end === "reset") socket.resetAndDestroy();
        };
        if (bytes.length === 0) after();
        else socket.write(bytes, after);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  const taken = (): string[] => {
    const all = heads;
    heads = [];
    return all;
  };
  return { port: (server.address() as AddressInfo).port, taken, stop };
}

/** A whole request at the start of the text, by content-length or chunks. */
function firstOf(text: string): { readonly head: string; readonly length: number } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) {
    const total = end + 4 + Number(length);
    return text.length < total ? undefined : { head, length: total };
  }
  if (!/^transfer-encoding: *chunked/im.test(head)) return { head, length: end + 4 };
  const last = text.indexOf("0\r\n\r\n", end + 4);
  return last < 0 ? undefined : { head, length: last + 5 };
}

/** A response with a `content-length`, which may be more than there is. */
export function response(status: number, headers: Readonly<Record<string, string>>, body: Uint8Array | string = "", missing = 0): Buffer {
  const data = Buffer.from(body as string, "latin1");
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} X\r\n${fields.join("")}content-length: ${data.length + missing}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), data]);
}

/** A response in chunks, whose last one may be missing. */
export function chunked(
  status: number,
  headers: Readonly<Record<string, string>>,
  parts: readonly (Uint8Array | string)[],
  isWhole = true,
): Buffer {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} X\r\n${fields.join("")}transfer-encoding: chunked\r\n\r\n`;
  const chunks = parts.map((part) => {
    const data = Buffer.from(part as string, "latin1");
    return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]);
  });
  return Buffer.concat([Buffer.from(head, "latin1"), ...chunks, Buffer.from(isWhole ? "0\r\n\r\n" : "")]);
}
