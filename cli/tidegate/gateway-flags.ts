// Flags of the commands that call a running gateway.
import { userInfo } from "node:os";
import { type Flag, text } from "./flags.ts";

export const DEFAULT_GATEWAY = "http://127.0.0.1:8787";

export const TOKEN_TEXT =
  "The token is read from the environment: ADMIN_TOKEN, the secret of admin.secretBinding or an API key with the scope of a role";

export const gateway: Flag<string> = {
  ...text("URL", `the gateway (default: TIDEGATE_GATEWAY, or ${DEFAULT_GATEWAY})`),
  fallback: (env) => env["TIDEGATE_GATEWAY"] || DEFAULT_GATEWAY,
} as Flag<string>;

/** Some users of containers have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}

export const author = text("NAME", "your name in the records (default: your user name)");

export function authorOf(given: string | undefined): string {
  return given ?? userName();
}
