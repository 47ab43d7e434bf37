// A caller on a raw socket: it sends the parts of a body on request, and can disconnect between them.
import { type ClientRequest, type IncomingMessage, request } from "node:http";

export interface Received {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly isWhole: boolean; // the response came to its proper end
}

export interface Exchange {
  readonly sent: ClientRequest;
  /** The head of the response. */
  readonly head: Promise<IncomingMessage>;
  /** The whole response, or as much of it as came; rejects where none came. */
  readonly received: Promise<Received>;
}

export function open(origin: string, path: string, headers: Readonly<Record<string, string>>, method = "POST"): Exchange {
  const sent = request(origin + path, { method, headers: { ...headers }, agent: false });
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve);
    sent.on("error", reject);
  });
  const received = head.then(
    (response) =>
      new Promise<Received>((resolve) => {
        const parts: Buffer[] = [];
        const end = (isWhole: boolean): void =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts), isWhole });
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => end(response.complete));
        response.on("error", () => end(false));
      }),
  );
  received.catch(() => undefined);
  return { sent, head, received };
}

/** Sends a body in chunks, and ends it. */
export function send(
  origin: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  parts: readonly Uint8Array[],
): Promise<Received> {
  const { sent, received } = open(origin, path, { ...headers, "transfer-encoding": "chunked" });
  for (const part of parts) sent.write(part);
  sent.end();
  return received;
}

/** Waits for a condition, however busy the machine is. */
export async function until<T>(what: string, condition: () => T | undefined | false): Promise<T> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within 30 s: ${what}`);
}
