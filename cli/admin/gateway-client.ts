// Connect clients for the gateway's own services, and the errors of their calls.
import type { DescService } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { comesFromThisMachine } from "../../core/auth/local-viewer.ts";
import type { Terminal } from "../tidegate/context.ts";
import { Failure } from "../tidegate/failure.ts";

const TIMEOUT_MS = 10_000; // a call that takes longer fails

/** What the admin plane takes as a bearer token. */
const TOKEN_FIX = "set it to the secret of admin.secretBinding, or to an API key with the scope of a role";

/**
 * The credential of the environment: that of one service, which ends with the next version, or that of the admin plane.
 *
 * @param name of the variable for the service alone: `KEYS_TOKEN`
 * @throws Failure with the exit code of wrong usage
 */
export function adminToken(env: Terminal["env"], name?: string): string {
  const token = (name === undefined ? undefined : env[name]) || env["ADMIN_TOKEN"];
  if (token) return token;
  throw new Failure({ what: "found no ADMIN_TOKEN in the environment", fix: TOKEN_FIX }, 2);
}

/** As `adminToken`. A gateway of `tidegate dev` on this machine lets those without a credential read. @returns undefined for none */
export function viewerToken(env: Terminal["env"], gateway: string): string | undefined {
  const isLocal = comesFromThisMachine(gateway, new Headers());
  return isLocal && !env["ADMIN_TOKEN"] ? undefined : adminToken(env);
}

/**
 * @param gateway origin of the gateway
 * @param token   of an admin, sent as a bearer token; undefined for none
 * @param headers sent with each call
 */
export function gatewayClient<S extends DescService>(
  service: S,
  gateway: string,
  token: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Client<S> {
  if (!/^https?:$/.test(URL.parse(gateway)?.protocol ?? ""))
    throw new Failure({ what: `--gateway: found "${gateway}"`, fix: "write the origin of the gateway, as in https://api.example.com" }, 2);
  const withHeaders: Interceptor = (next) => (request) => {
    if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: gateway,
    httpVersion: "1.1",
    defaultTimeoutMs: TIMEOUT_MS,
    interceptors: [withHeaders],
  });
  return createClient(service, transport);
}

/**
 * Code and message of a failed call, with what fixes it.
 *
 * @param turnOn settings that make the gateway serve the service, for a gateway that does not
 */
export function callFailure(error: unknown, gateway: string, turnOn?: string): Failure {
  if (error instanceof Failure) return error;
  const { code, rawMessage, cause } = ConnectError.from(error);
  // Where the gateway has sent an error, it has no cause on this side.
  if (cause !== undefined)
    return new Failure({ what: `no response from ${gateway}`, why: rawMessage, fix: "write the origin of the gateway: --gateway URL" });
  const fix = fixOf(code, turnOn);
  return new Failure({ what: `${codeToString(code)}: ${rawMessage}`, ...(fix !== undefined && { fix }) });
}

function fixOf(code: Code, turnOn: string | undefined): string | undefined {
  if (code === Code.Unauthenticated) return "set ADMIN_TOKEN to the secret that the gateway has, or to an API key with the scope of a role";
  if (code === Code.Unimplemented && turnOn !== undefined)
    return `set ${turnOn}, and admin: { secretBinding: "ADMIN_SECRET" }, in gateway.config.ts`;
  return undefined;
}

export function codeOf(error: unknown): Code {
  return ConnectError.from(error).code;
}
