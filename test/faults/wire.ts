// A caller on a raw socket: it sends exactly the bytes that a test has chosen, and reads one response.
import { connect } from "node:net";
import { type Framing, takeBody } from "./framing.ts";

export interface Answer {
  readonly status: number; // 0 where no response came
  readonly head: string; // status line and fields, as received
  readonly fields: ReadonlyMap<string, string>; // names in lower case; the values of one name joined by ", "
  readonly body: Buffer;
  /** "whole": the response came to its end; "closed", "reset": the connection ended before; "open": nothing more came in time. */
  readonly end: "whole" | "closed" | "reset" | "open";
  readonly tookMs: number;
}

export interface Sending {
  readonly everyMs?: number; // pause between the parts; default 0
  readonly waitMs?: number; // longest wait for the response; default 60 s
  readonly hangUp?: "end" | "reset"; // once all parts have been sent
}

/** @param parts sent one after the other; texts as latin1 */
export function exchange(port: number, parts: readonly (string | Uint8Array)[], sending: Sending = {}): Promise<Answer> {
  const { everyMs = 0, waitMs = 60_000, hangUp } = sending;
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const reading = new Reading(!String(parts[0]).startsWith("HEAD "));
    const finish = (end: Answer["end"]): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...reading.answer(end), tookMs: performance.now() - startedAt });
    };
    const timer = setTimeout(() => finish("open"), waitMs);
    socket.on("data", (chunk) => {
      if (reading.take(chunk)) finish("whole");
    });
    socket.on("end", () => finish(reading.endsByClose ? "whole" : "closed"));
    socket.on("error", () => finish("reset"));
    socket.on("connect", async () => {
      for (const [number, part] of parts.entries()) {
        if (number > 0 && everyMs > 0) await new Promise((next) => setTimeout(next, everyMs));
        if (socket.destroyed) return;
        await new Promise<void>((next) => void socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part, () => next()));
      }
      if (hangUp === "end") socket.end();
      if (hangUp === "reset") finish("reset");
    });
  });
}

/** One response as it arrives. */
class Reading {
  readonly #hasBody: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #head: string | undefined;
  #framing: Framing | undefined;
  #body: Buffer[] = [];

  constructor(hasBody: boolean) {
    this.#hasBody = hasBody;
  }

  get endsByClose(): boolean {
    return this.#framing?.kind === "close";
  }

  /** @returns whether the response is whole */
  take(chunk: Buffer): boolean {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.#head === undefined) {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end < 0) return false;
      this.#head = this.#bytes.subarray(0, end).toString("latin1");
      this.#bytes = this.#bytes.subarray(end + 4);
      this.#framing = this.#framingOf(this.#head);
    }
    const { data, rest, isEnded } = takeBody(this.#bytes, this.#framing!);
    this.#bytes = rest;
    this.#body.push(data);
    return isEnded;
  }

  #framingOf(head: string): Framing {
    const fields = fieldsOf(head);
    if (!this.#hasBody || /^HTTP\/1\.1 (1\d\d|204|304)/.test(head)) return { kind: "length", left: 0 };
    if (/chunked/i.test(fields.get("transfer-encoding") ?? "")) return { kind: "chunks", left: 0, isLast: false };
    const length = fields.get("content-length");
    return length === undefined ? { kind: "close" } : { kind: "length", left: Number(length) };
  }

  answer(end: Answer["end"]): Omit<Answer, "tookMs"> {
    const head = this.#head ?? "";
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0);
    return { status, head, fields: fieldsOf(head), body: Buffer.concat(this.#body), end };
  }
}

function fieldsOf(head: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}

/** A request with its `content-length`, or without a body. */
export function request(line: string, fields: readonly string[] = [], body?: string | Uint8Array): Buffer {
  const data = body === undefined ? undefined : Buffer.from(body as string);
  const length = data === undefined ? [] : [`content-length: ${data.length}`];
  const head = [`${line} HTTP/1.1`, "host: gateway.test", ...fields, ...length, "", ""].join("\r\n");
  return Buffer.concat([Buffer.from(head, "latin1"), data ?? Buffer.alloc(0)]);
}
