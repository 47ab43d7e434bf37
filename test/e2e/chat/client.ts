// A caller that sends and reads messages of a stream by hand, over HTTP/1.1, and sees how many bytes each side takes.
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ChatRequestSchema, ChatResponseSchema } from "../../clients/gen/lab/v1/lab_pb.ts";

/** An envelope of the response: a message, or the last one with the error. */
export type Received = { readonly text: string } | { readonly end: string };

export class ChatCaller {
  readonly sent: ClientRequest;
  readonly head: Promise<IncomingMessage>;
  /** Messages that were handed to the socket, and their bytes. */
  messages = 0;
  written = 0;
  /** Bytes of messages that have been read. */
  read = 0;
  /** Why the connection broke; undefined while it has not. */
  broken: Error | undefined;
  #buffered = Buffer.alloc(0);
  #response: IncomingMessage | undefined;
  #chunks: AsyncIterator<Buffer> | undefined;
  readonly #isWeb: boolean;

  constructor(origin: string, headers: Readonly<Record<string, string>>, contentType = "application/connect+proto") {
    this.#isWeb = contentType.includes("grpc-web");
    const fields = { "content-type": contentType, "transfer-encoding": "chunked", ...headers };
    this.sent = request(`${origin}/lab.v1.ChatService/Chat`, { method: "POST", headers: fields, agent: false });
    this.head = new Promise((resolve, reject) => {
      this.sent.on("response", resolve);
      this.sent.on("error", (error) => {
        this.broken ??= error;
        reject(error);
      });
    });
    this.head.catch(() => undefined);
    this.sent.flushHeaders();
  }

  /** @returns whether the socket takes more now */
  write(text: string): boolean {
    const message = toBinary(ChatRequestSchema, create(ChatRequestSchema, { text }));
    const envelope = Buffer.alloc(5 + message.length);
    envelope.writeUInt32BE(message.length, 1);
    envelope.set(message, 5);
    this.messages += 1;
    this.written += envelope.length;
    return this.sent.write(envelope);
  }

  /** Sends messages until the other side has taken none for a while. @returns bytes that were taken beyond what the caller itself buffers */
  async fill(text: string, maxBytes: number, quietMs = 1_500): Promise<number> {
    for (let quietSince = Date.now(); Date.now() - quietSince < quietMs; ) {
      const before = this.taken();
      if (before > maxBytes || this.sent.destroyed) return before;
      while (this.sent.writableLength < 65_536 && this.taken() <= maxBytes) if (!this.write(text)) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (this.taken() !== before) quietSince = Date.now();
    }
    return this.taken();
  }

  /** Bytes that the kernel has taken: written, and no longer buffered here. */
  taken(): number {
    return this.written - this.sent.writableLength;
  }

  async next(): Promise<Received> {
    const response = await this.head;
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    this.#response = response;
    this.#chunks ??= response.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    for (;;) {
      const size = this.#buffered.length < 5 ? undefined : 5 + this.#buffered.readUInt32BE(1);
      if (size !== undefined && this.#buffered.length >= size) {
        const envelope = this.#buffered.subarray(0, size);
        this.#buffered = this.#buffered.subarray(size);
        this.read += size;
        const data = envelope.subarray(5);
        if (envelope[0] === (this.#isWeb ? 0x80 : 2)) return { end: data.toString() };
        return { text: fromBinary(ChatResponseSchema, data).text };
      }
      const { done, value } = await this.#chunks.next();
      if (done === true) throw new Error(`the response ended within an envelope, or without the last one: ${this.#buffered.length} bytes`);
      this.#buffered = Buffer.concat([this.#buffered, value]);
    }
  }

  /** Reads up to the end. @returns the last envelope */
  async untilEnd(): Promise<string> {
    for (;;) {
      const received = await this.next();
      if ("end" in received) return received.end;
    }
  }

  end(): void {
    this.sent.end();
  }

  /** Bytes that this process has taken from the socket, and no test has read. */
  buffered(): number {
    return this.#buffered.length + (this.#response?.readableLength ?? 0);
  }

  /** Waits until the other side has closed the connection. */
  async closed(): Promise<void> {
    const socket = this.sent.socket!;
    if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
  }

  /** Closes the connection. */
  hangUp(): void {
    this.sent.on("error", () => undefined);
    this.sent.destroy();
  }
}
