// Endpoints that can be called in native gRPC: Cloudflare's edge converts gRPC-Web to gRPC only for https URLs at port 443.

/** @param url `http://` or `https://`, a host, and optionally a port and a path */
export function isNativeGrpcUrl(url: string): boolean {
  return /^https:\/\/(\[[^\]/]*\]|[^:/]+)(:443)?(\/|$)/.test(url);
}
