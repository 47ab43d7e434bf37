// Calls of tests that show the effect of settings of upstreams: one service, and a clock that moves only where a test moves it.
import { afterEach, beforeEach, vi } from "vitest";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import type { Gateway } from "../../../workers/gateway/gateway.ts";
import { gatewayTo, json, USER, unary, userFor } from "../gateway.ts";

export type Input = Partial<GatewayInput>;

export const SERVICE = "users.v1.UserService";
export const USERS = { upstream: { binding: "USERS" } } as const;
/** No breaker and no throttle: nothing but the tested setting decides. */
export const QUIET = { breaker: { mode: "off" }, throttle: { mode: "off" } } as const;

export const service = (more: object): Input => ({ services: { [SERVICE]: { ...USERS, retries: false, ...more } } });
/** The service at the bindings A and B, in turn. */
export const pair = (settings: object): Input => ({
  services: {
    [SERVICE]: { upstream: { endpoints: [{ binding: "A" }, { binding: "B" }], balancer: "round_robin" }, retries: false, ...settings },
  },
});
export const getUser = (headers: Record<string, string> = {}): Request => unary("GetUser", { id: USER.id }, headers);
export const broken = (): Response => new Response("broken", { status: 500 });

/** In each test of the file the clock stands still, and warnings are not printed. */
export function stopClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.spyOn(console, "warn").mockReturnValue(undefined);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

export const later = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

export async function repeat(gateway: Gateway, calls: number): Promise<void> {
  for (let call = 0; call < calls; call++) await (await gateway(getUser())).arrayBuffer();
}

/** Calls that reach an upstream, of 40 that are made. @param respond to the call of that number, from 0 */
export function reached(respond: (call: number) => Response) {
  return async (input: Input): Promise<number> => {
    let count = 0;
    await repeat(
      gatewayTo(() => respond(count++), input),
      40,
    );
    return count;
  };
}

/** Calls of 40 that each of the bindings A and B gets. */
export async function shares(input: Input, respondOf: (name: string) => Response = () => json(USER)): Promise<Record<string, number>> {
  const calls: Record<string, number> = { A: 0, B: 0 };
  const named = (name: string) => ({
    fetch: () => {
      calls[name]! += 1;
      return Promise.resolve(respondOf(name));
    },
  });
  await repeat(gatewayTo(userFor, input, { A: named("A"), B: named("B") }), 40);
  return calls;
}
