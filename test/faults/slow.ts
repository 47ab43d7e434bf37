// Callers that are slow, on raw sockets: many at once, which stay open until they are released.
import { connect, type Socket } from "node:net";
import type { FaultBench } from "./bench.ts";
import { exchange, request } from "./wire.ts";

export interface SlowCallers {
  readonly sockets: readonly Socket[];
  /** First lines of the responses so far, by number of the caller. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Closes all connections. @param reset at once, instead of in order */
  hangUp(reset?: boolean): void;
}

/** Opens a connection for each caller, and sends its bytes once all are open. @param bytesOf what a caller sends, and does not complete */
export async function slowCallers(port: number, count: number, bytesOf: (caller: number) => readonly Uint8Array[]): Promise<SlowCallers> {
  const statuses = new Map<number, number>();
  const sockets = await Promise.all(
    Array.from(
      { length: count },
      (_, caller) =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect({ port, host: "127.0.0.1" }, () => resolve(socket));
          socket.once("error", reject);
          socket.on("error", () => undefined);
          socket.on("data", (chunk) => {
            const status = /^HTTP\/1\.1 (\d+)/.exec(chunk.toString("latin1"))?.[1];
            if (status !== undefined && !statuses.has(caller)) statuses.set(caller, Number(status));
          });
        }),
    ),
  );
  for (const [caller, socket] of sockets.entries()) for (const bytes of bytesOf(caller)) socket.write(bytes);
  const hangUp = (reset = false): void => {
    for (const socket of sockets) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
  };
  return { sockets, statuses, hangUp };
}

/** The head of a request whose body is not sent with it. */
export function headOf(path: string, fields: readonly string[]): Buffer {
  return Buffer.from([`POST ${path} HTTP/1.1`, "host: gateway.test", ...fields, "", ""].join("\r\n"), "latin1");
}

/** An address for each number below 65,536. */
export const addressOf = (caller: number): string => `cf-connecting-ip: 198.18.${caller >> 8}.${caller & 255}`;

/** @returns how many of `count` calls of other callers succeed, eight at a time */
export async function servedCalls(
  { gateway }: FaultBench,
  count: number,
  path: string,
  from = (call: number): string => `cf-connecting-ip: 203.0.113.${call % 250}`,
): Promise<number> {
  let [started, served] = [0, 0];
  const worker = async (): Promise<void> => {
    while (started < count) {
      const call = request(`POST ${path}`, ["content-type: application/json", from(started++)], "{}");
      const { status } = await exchange(gateway.port, [call]);
      if (status === 200) served += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return served;
}

/** Waits for a condition, however busy the machine is. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not within 60 s: ${what}`);
}
