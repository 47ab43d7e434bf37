// A TCP proxy that injects faults into the connections between the gateway and an upstream, chosen at random from a seed.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** One fault of one connection. Times in ms, sizes in bytes. */
export type Fault =
  | { readonly kind: "none" }
  | { readonly kind: "latency"; readonly delayMs: number } // each piece of the response is delayed
  | { readonly kind: "down" } // the connection is reset as soon as it is accepted
  | { readonly kind: "bandwidth"; readonly bytesPerSecond: number } // rate of the response
  | { readonly kind: "slow_close"; readonly delayMs: number } // the end of the response is delayed
  | { readonly kind: "hang" } // the request is accepted, the response never starts
  | { readonly kind: "reset"; readonly afterBytes: number } // the connection is reset within the response
  | { readonly kind: "slicer"; readonly sliceBytes: number; readonly delayMs: number } // the response arrives in small pieces
  | { readonly kind: "truncation"; readonly afterBytes: number }; // the response ends early, with a regular close

export interface FaultProxy {
  readonly port: number;
  /** Number of connections per kind of fault since the start. */
  readonly counts: ReadonlyMap<Fault["kind"], number>;
  /** Connections that are open now. */
  open(): number;
  stop(): void;
}

/**
 * @param upstreamPort port of the real upstream on this machine
 * @param faultFor     the fault of a new connection; a seeded choice for repeatable runs
 */
export async function faultProxy(upstreamPort: number, faultFor: () => Fault): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const counts = new Map<Fault["kind"], number>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined); // a fault ends connections on purpose
  };
  const server: Server = createServer({ allowHalfOpen: true }, (caller) => {
    const fault = faultFor();
    counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
    track(caller);
    if (fault.kind === "down") {
      caller.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: "127.0.0.1", port: upstreamPort, allowHalfOpen: true });
    track(upstream);
    caller.on("close", () => upstream.destroy());
    upstream.on("close", () => {
      if (fault.kind !== "slow_close" && fault.kind !== "hang") caller.end();
    });
    caller.pipe(upstream);
    void respond(upstream, caller, fault);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    counts,
    open: () => sockets.size,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Copies the response, with the fault. */
async function respond(from: Socket, to: Socket, fault: Fault): Promise<void> {
  let sent = 0;
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (fault.kind === "hang") continue;
      for (const piece of pieces(chunk, fault)) {
        await delay(piece.length, fault);
        if (to.destroyed) return;
        const left = "afterBytes" in fault ? fault.afterBytes - sent : piece.length;
        to.write(piece.subarray(0, Math.max(0, left)));
        sent += piece.length;
        if (piece.length < left || fault.kind === "none") continue;
        if (fault.kind === "reset") to.resetAndDestroy();
        else if (fault.kind === "truncation") to.end();
        else continue;
        return;
      }
    }
  } catch {
    to.destroy(); // the upstream itself failed
    return;
  }
  if (fault.kind === "hang") return;
  if (fault.kind === "slow_close") await pause(fault.delayMs);
  to.end();
}

function pieces(chunk: Buffer, fault: Fault): Buffer[] {
  const size = fault.kind === "slicer" ? fault.sliceBytes : chunk.length;
  return Array.from({ length: Math.ceil(chunk.length / size) }, (_, index) => chunk.subarray(index * size, (index + 1) * size));
}

async function delay(bytes: number, fault: Fault): Promise<void> {
  if (fault.kind === "latency" || fault.kind === "slicer") await pause(fault.delayMs);
  if (fault.kind === "bandwidth") await pause((bytes * 1_000) / fault.bytesPerSecond);
}

/**
 * A seeded choice of faults.
 *
 * @param random numbers in [0, 1)
 * @param share  share of connections with a fault, in [0, 1]
 */
export function mixedFaults(random: () => number, share: number): () => Fault {
  const between = (low: number, high: number): number => Math.floor(low + random() * (high - low));
  const faults: readonly (() => Fault)[] = [
    () => ({ kind: "latency", delayMs: between(10, 300) }),
    () => ({ kind: "down" }),
    () => ({ kind: "bandwidth", bytesPerSecond: between(2_000, 100_000) }),
    () => ({ kind: "slow_close", delayMs: between(50, 1_000) }),
    () => ({ kind: "hang" }),
    () => ({ kind: "reset", afterBytes: between(0, 400) }),
    () => ({ kind: "slicer", sliceBytes: between(1, 40), delayMs: between(0, 5) }),
    () => ({ kind: "truncation", afterBytes: between(0, 400) }),
  ];
  return () => (random() < share ? faults[between(0, faults.length)]!() : { kind: "none" });
}
