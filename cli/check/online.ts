// `check --online`: calls each URL of the configuration once. Any HTTP response counts, since a status says nothing about other paths.
import { join } from "../../core/config/problems.ts";
import { fieldsOf } from "./rules/facts.ts";

export interface CheckedUrl {
  readonly path: string;
  readonly url: string;
}

const TIMEOUT_MS = 5_000;
const AT_ONCE = 8; // requests in flight

/** Settings named `url` of upstreams, and the URLs of the keys of issuers. URLs beside a binding lead elsewhere. */
export function urlsOf(settings: unknown, path = ""): CheckedUrl[] {
  if (Array.isArray(settings)) return settings.flatMap((item, index) => urlsOf(item, `${path}[${index}]`));
  const fields = fieldsOf(settings);
  return Object.entries(fields).flatMap(([name, value]) => {
    const at = join(path, name);
    if (path === "" && !["services", "httpRoutes", "defaults", "auth"].includes(name)) return [];
    if (/^auth\.resource/.test(at)) return [];
    const isUrl = /^(url|jwksUrl|discoveryUrl)$/.test(name) && typeof value === "string" && fields["binding"] === undefined;
    return isUrl ? [{ path: at, url: value }] : urlsOf(value, at);
  });
}

/** @returns what did not answer, with the reason */
export async function unreachable(
  urls: readonly CheckedUrl[],
  call: typeof fetch = fetch,
): Promise<(CheckedUrl & { readonly reason: string })[]> {
  const waiting = [...urls];
  const failed: (CheckedUrl & { readonly reason: string })[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        const response = await call(next.url, { method: "GET", redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
        await response.body?.cancel();
      } catch (error) {
        failed.push({ ...next, reason: reasonOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failed;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return `no response within ${TIMEOUT_MS} ms`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
