// Endpoints that Cloudflare's edge calls in native gRPC: it converts gRPC-Web to https URLs at port 443, and nothing else.
import type { Checks } from "../parse.ts";

/** @param url http(s)://host, with a port and a path where it has them */
export function isNativeGrpcUrl(url: string): boolean {
  return /^https:\/\/(\[[^\]/]*\]|[^:/]+)(:443)?(\/|$)/.test(url);
}

export function checkNativeGrpc(check: Checks, path: string, target: { readonly url: string } | { readonly binding: string }): void {
  if ("url" in target) {
    const mend = 'write https:// and port 443: with protocol "grpc", Cloudflare\'s edge makes native gRPC of such calls alone';
    if (!isNativeGrpcUrl(target.url)) check.report(`${path}.url`, target.url, mend);
  } else if (target.binding !== "") {
    const mend = 'write the https:// URL of a gRPC server; a Worker behind a binding speaks "both", "connect" or "grpc_web"';
    check.report(`${path}.binding`, target.binding, mend);
  }
}
