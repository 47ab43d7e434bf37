// Where an endpoint is: a service binding, a base URL, or a binding that gets a URL.
import * as v from "valibot";
import { isNativeGrpcUrl } from "../protocol/native-grpc.ts";
import type { Checks } from "./problems.ts";
import { readSetting } from "./read.ts";
import { required, text } from "./setting.ts";

const binding = text(/^[A-Za-z_]\w*$/, "write the name of a service binding of wrangler.toml", "name of a service binding");
const URL_FIX = "write http(s)://host, with a port and a path where needed, without user, query or fragment";
const url = v.pipe(
  text(/^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/, URL_FIX, "URL"),
  v.transform((base) => base.replace(/\/+$/, "")),
);

export const TARGET = {
  binding: required(binding, "A service binding of wrangler.toml: `USERS`."),
  url: required(
    url,
    "A base URL, `https://users.example/base`. Instead of `binding`; or beside it, where the binding has to get the real URL: `mtls_certificates`, `vpc_services` and `vpc_networks` ([upstreams](upstreams.md#bindings-with-a-url)).",
  ),
};

/** A service binding of wrangler.toml; a base URL; or both: a binding that gets the real URL. */
export type TargetInput = { readonly binding: string } | { readonly url: string } | { readonly binding: string; readonly url: string };

/** The identity of an endpoint: its URL, the name of its binding, or both as `BINDING+URL`. */
export function endpointId(target: TargetInput): string {
  if ("url" in target && "binding" in target) return `${target.binding}+${target.url}`;
  return "url" in target ? target.url : target.binding;
}

const NO_TARGET: TargetInput = { binding: "" };

export function parseTarget(check: Checks, path: string, value: unknown, others: readonly string[]): TargetInput {
  const fields = check.fields(path, value, ["binding", "url", ...others]);
  const { binding: name, url: base } = fields;
  const hasName = typeof name === "string";
  const hasUrl = typeof base === "string";
  if ((!hasName && !hasUrl) || (!hasName && name !== undefined) || (!hasUrl && base !== undefined)) {
    const fix = 'write { binding: "USERS" } or { url: "https://users.example" }, or both for a binding that gets the URL';
    check.report(path, value, fix);
    return NO_TARGET;
  }
  const bound = hasName ? (readSetting(check, `${path}.binding`, binding, name, { value: "" }) as string) : undefined;
  const read = hasUrl ? (readSetting(check, `${path}.url`, url, base, { value: "" }) as string) : undefined;
  if (bound === "" || read === "") return NO_TARGET;
  return { ...(bound !== undefined && { binding: bound }), ...(read !== undefined && { url: read }) } as TargetInput; // one of them is there
}

/** Native gRPC is made by Cloudflare's edge, of calls to URLs alone. */
export function checkNativeGrpc(check: Checks, path: string, target: TargetInput): void {
  if ("url" in target && !("binding" in target)) {
    const fix = 'write https:// and port 443: with protocol "grpc", Cloudflare\'s edge makes native gRPC of such calls alone';
    if (!isNativeGrpcUrl(target.url)) check.report(`${path}.url`, target.url, fix);
  } else if ("binding" in target && target.binding !== "") {
    const fix = 'write the https:// URL of a gRPC server; a Worker behind a binding speaks "both", "connect" or "grpc_web"';
    check.report(`${path}.binding`, target.binding, fix);
  }
}
