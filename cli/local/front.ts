// The port that callers see. Behind it the runtime may be replaced: connections that come meanwhile wait, and none is refused.
import { connect, createServer, type Server, type Socket } from "node:net";

interface Connection {
  readonly client: Socket;
  awaitsResponse: boolean; // the last bytes came from the caller
}

const RETRY_AFTER_MS = 100;
const LONGEST_WAIT_MS = 60_000; // a connection waits this long for a runtime

/** Bytes pass as they come, in both directions, with the ends and resets of connections. */
export class Front {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #target: number | undefined; // the port of the runtime; undefined while there is none
  #waiting: (() => void)[] = [];

  /** @throws Error with `code`, as EADDRINUSE */
  static listen(port: number, host: string): Promise<Front> {
    return new Promise((resolve, reject) => {
      const front = new Front();
      front.#server.once("error", reject);
      front.#server.listen(port, host, () => resolve(front));
    });
  }

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => void this.#serve(client));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** New connections wait from now on. Resolves when no call awaits its response any more, at the latest after `atMostMs`. */
  async hold(atMostMs: number): Promise<void> {
    this.#target = undefined;
    const until = Date.now() + atMostMs;
    while ([...this.#connections].some(({ awaitsResponse }) => awaitsResponse) && Date.now() < until) await sleep(20);
  }

  /** @param port of the runtime that serves from now on */
  release(port: number): void {
    this.#target = port;
    for (const go of this.#waiting.splice(0)) go();
  }

  close(): void {
    this.#server.close();
    for (const { client } of this.#connections) client.destroy();
    for (const go of this.#waiting.splice(0)) go();
  }

  async #serve(client: Socket): Promise<void> {
    const connection: Connection = { client, awaitsResponse: false };
    this.#connections.add(connection);
    client.once("close", () => this.#connections.delete(connection));
    client.on("error", () => client.destroy());
    const upstream = await this.#reach(client);
    if (upstream === undefined) return void client.destroy();
    client.on("data", () => {
      connection.awaitsResponse = true;
    });
    upstream.on("data", () => {
      connection.awaitsResponse = false;
    });
    client.on("error", () => upstream.resetAndDestroy());
    upstream.on("error", () => (connection.awaitsResponse ? client.resetAndDestroy() : client.destroySoon()));
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroySoon());
    client.pipe(upstream);
    upstream.pipe(client);
  }

  /** @returns a connection to the runtime; undefined where the caller has gone, or none came up in time */
  async #reach(client: Socket): Promise<Socket | undefined> {
    const until = Date.now() + LONGEST_WAIT_MS;
    while (Date.now() < until && !client.destroyed && this.#server.listening) {
      if (this.#target === undefined) {
        await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), sleep(RETRY_AFTER_MS * 10)]);
        continue;
      }
      const upstream = await reached(this.#target);
      if (upstream !== undefined) return upstream;
      await sleep(RETRY_AFTER_MS);
    }
    return undefined;
  }
}

function reached(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", () => resolve(undefined));
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
