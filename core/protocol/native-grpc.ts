// Endpoints that Cloudflare's edge calls in native gRPC: it converts gRPC-Web to https URLs at port 443, and nothing else.

/** @param url http(s)://host, with a port and a path where it has them */
export function isNativeGrpcUrl(url: string): boolean {
  return /^https:\/\/(\[[^\]/]*\]|[^:/]+)(:443)?(\/|$)/.test(url);
}
