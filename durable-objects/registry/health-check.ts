// One health check of one endpoint, as the configuration says: an HTTP GET, or grpc.health.v1 over Connect or native gRPC.
import { joinBytes } from "../../core/bytes.ts";
import type { HealthPolicy } from "../../core/config/health.ts";
import { FIRST_HOP } from "../../core/protocol/hops.ts";

export type Send = (url: string, init: RequestInit) => Promise<Response>;

/**
 * @param url  base URL of the endpoint
 * @param send `fetch`, or that of a service binding
 * @returns false as well if the endpoint cannot be reached or does not respond in time
 */
export async function isHealthy(url: string, { kind, path, timeoutMs }: HealthPolicy, send: Send): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    switch (kind) {
      case "http":
        return await respondsOk(url + path, signal, send);
      case "native_grpc":
        return await isServingNativeGrpc(url, signal, send);
      case "grpc":
        return await isServing(url, signal, send);
    }
  } catch {
    return false;
  }
}

async function respondsOk(url: string, signal: AbortSignal, send: Send): Promise<boolean> {
  const response = await send(url, { headers: FIRST_HOP, signal, redirect: "manual" });
  await response.body?.cancel();
  return response.ok;
}

async function isServing(url: string, signal: AbortSignal, send: Send): Promise<boolean> {
  const headers = { ...FIRST_HOP, "content-type": "application/json", "connect-protocol-version": "1" };
  const response = await send(`${url}/grpc.health.v1.Health/Check`, { method: "POST", headers, body: "{}", signal, redirect: "manual" });
  return response.ok && (JSON.parse(new TextDecoder().decode(await bytesOf(response))) as { status?: string }).status === "SERVING";
}

/** For a server that speaks native gRPC: Cloudflare's edge converts the gRPC-Web of this call. */
async function isServingNativeGrpc(url: string, signal: AbortSignal, send: Send): Promise<boolean> {
  const response = await send(`${url}/grpc.health.v1.Health/Check`, {
    method: "POST",
    headers: { ...FIRST_HOP, "content-type": "application/grpc-web", "x-grpc-web": "1" },
    body: new Uint8Array(5), // an envelope with an empty HealthCheckRequest
    signal,
    redirect: "manual",
    cf: { grpcWeb: "convert" },
  });
  const bytes = await bytesOf(response);
  // HealthCheckResponse { status: SERVING } in its envelope: five bytes, then field 1 as a varint.
  return response.ok && bytes.length >= 7 && bytes[0] === 0 && bytes[4] === 2 && bytes[5] === 8 && bytes[6] === 1;
}

/** The largest response to a health check that is read: its message has a few bytes. */
const MAX_BYTES = 4_096;

/** @throws Error where the response is larger */
async function bytesOf({ body }: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.byteLength;
    if (size > MAX_BYTES) throw new Error("the response to a health check is too large"); // leaving the loop cancels the body
    parts.push(part);
  }
  return joinBytes(parts, size);
}
