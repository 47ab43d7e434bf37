// Connect clients for the gateway's own services, and the texts of their errors for the terminal.
import type { DescService } from "@bufbuild/protobuf";
import { type Client, type Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { createConnectTransport } from "@connectrpc/connect-node";

export const DEFAULT_GATEWAY = "http://127.0.0.1:8787";

const TIMEOUT_MS = 10_000; // a call that takes longer fails

/**
 * The credential of the environment: that of one service, which ends with the next version, or that of the admin plane.
 *
 * @param name of the variable for the service alone: `KEYS_TOKEN`
 * @param stop ends the command
 */
export function adminToken(name: string, stop: (problem: string) => never): string {
  const token = process.env[name] || process.env["ADMIN_TOKEN"];
  return token || stop(`found no ADMIN_TOKEN in the environment; ${TOKEN_FIX}`);
}

/** What the admin plane takes as a bearer token. */
export const TOKEN_FIX = "set it to the secret of admin.secretBinding, or to an API key with the scope of a role";

/**
 * @param gateway origin of the gateway
 * @param token   of an admin, sent as a bearer token
 * @param headers sent with each call
 */
export function gatewayClient<S extends DescService>(
  service: S,
  gateway: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Client<S> {
  const withHeaders: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
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

/** @returns code and message of a failed call, with what fixes it where no response came at all */
export function problemOf(error: unknown, gateway: string): string {
  const { code, rawMessage, cause } = ConnectError.from(error);
  // Where the gateway has sent an error, it has no cause on this side.
  if (cause === undefined) return `${codeToString(code)}: ${rawMessage}`;
  return `no response from ${gateway} (${rawMessage}); write the origin of the gateway: --gateway URL`;
}

export function codeOf(error: unknown): Code {
  return ConnectError.from(error).code;
}
