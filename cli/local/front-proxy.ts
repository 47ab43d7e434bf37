// The port of the gateway. While the runtime behind it is replaced, new connections wait, and none is refused.
import { connect, createServer, type Server, type Socket } from "node:net";

interface Connection {
  readonly client: Socket;
  awaitsResponse: boolean; // the last bytes came from the caller
}

const RETRY_AFTER_MS = 100;
const WAIT_TIMEOUT_MS = 60_000; // longest time that a connection waits for a runtime

/** Forwards bytes in both directions, and the ends and resets of connections. */
export class FrontProxy {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #target: number | undefined; // the port of the runtime; undefined while there is none
  #waiting: (() => void)[] = [];

  /** @throws Error with `code`, such as EADDRINUSE */
  static listen(port: number, host: string): Promise<FrontProxy> {
    return new Promise((resolve, reject) => {
      const front = new FrontProxy();
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

  /** Whether only this machine can connect. */
  get isLoopback(): boolean {
    const address = this.#server.address();
    return typeof address === "object" && address !== null && /^(?:127\.|::1$|::ffff:127\.)/.test(address.address);
  }

  /** Makes new connections wait. Resolves when no call waits for its response, or after `atMostMs`. */
  async hold(atMostMs: number): Promise<void> {
    this.#target = undefined;
    const until = Date.now() + atMostMs;
    while ([...this.#connections].some(({ awaitsResponse }) => awaitsResponse) && Date.now() < until) await sleep(20);
  }

  /** @param port port of the runtime that gets all connections from now on */
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
    const upstream = await this.#connect(client);
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

  /** @returns a connection to the runtime; undefined where the caller has gone, or the runtime did not start in time */
  async #connect(client: Socket): Promise<Socket | undefined> {
    const until = Date.now() + WAIT_TIMEOUT_MS;
    while (Date.now() < until && !client.destroyed && this.#server.listening) {
      if (this.#target === undefined) {
        await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), sleep(RETRY_AFTER_MS * 10)]);
        continue;
      }
      const upstream = await connectionTo(this.#target);
      if (upstream !== undefined) return upstream;
      await sleep(RETRY_AFTER_MS);
    }
    return undefined;
  }
}

function connectionTo(port: number): Promise<Socket | undefined> {
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
