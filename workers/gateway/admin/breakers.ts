// Breakers as operators see and set them through the gateway: checks the token and the request, then asks the objects.

import { create, type DescMethod } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { BreakerAdminPolicy } from "../../../core/config/admin.ts";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import { suggest } from "../../../core/config/problems.ts";
import { OPERATOR_HEADER } from "../../../core/headers.ts";
import type { Author, BreakerStatus, CircuitBreaker } from "../../../durable-objects/circuit-breaker.ts";
import {
  type Breaker,
  BreakerSchema,
  BreakerService,
  ChangeSchema,
  Force,
  State,
} from "../../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import { logEvent } from "../../log.ts";
import { defineService } from "../../service.ts";
import { type BreakerScope, breakerScopes } from "../upstream/breaker-names.ts";
import type { HashRings } from "../upstream/endpoint-list.ts";
import { fixedUpstream, type ServedMethod } from "../upstream/upstream.ts";
import { bearerOf, isSecret } from "./bearer.ts";

export interface OperatorSettings {
  readonly token: string; // the secret behind `tokenBinding`
  readonly breakers: DurableObjectNamespace<CircuitBreaker>;
  readonly rings: HashRings | undefined; // where endpoints may register
}

const MOST_CHANGES = 400;
const STATES = { closed: State.CLOSED, open: State.OPEN, half: State.HALF_OPEN, ramp: State.RAMP } as const;
const FORCES = { open: Force.OPEN, closed: Force.CLOSED } as const;
const WORDS = new Map<Force, "open" | "closed" | undefined>([
  [Force.OPEN, "open"],
  [Force.CLOSED, "closed"],
  [Force.EVIDENCE, undefined],
]);

/** The methods of BreakerService, to be served beside the configured ones: every layer acts on them as on any other. */
export function breakerMethods(
  gateway: GatewayPolicy,
  { tokenBinding }: BreakerAdminPolicy,
  settings: OperatorSettings,
): ReadonlyMap<DescMethod, ServedMethod> {
  const policy = gateway.defaults;
  const served = service(breakerScopes(gateway), tokenBinding, settings);
  const worker = defineService(BreakerService, () => served, { discovery: false, readMaxBytes: policy.maxBodyBytes });
  const env = {};
  const fetch = (url: string, init: RequestInit) => worker.fetch(new Request(url, init), env);
  const upstream = fixedUpstream("breakers", { base: "https://breakers.internal", fetch });
  return new Map(BreakerService.methods.map((method) => [method, { policy, upstream }] as const));
}

function service(
  upstreams: ReadonlyMap<string, BreakerScope>,
  tokenName: string,
  { token, breakers, rings }: OperatorSettings,
): ServiceImpl<typeof BreakerService> {
  const admit = ({ requestHeader }: HandlerContext): void => {
    if (!isSecret(bearerOf(requestHeader), token))
      throw new ConnectError("bring the operator's token: Authorization: Bearer ...", Code.Unauthenticated);
  };
  const named = (upstream: string): [string, BreakerScope][] => {
    if (upstream === "") return [...upstreams];
    const one = upstreams.get(upstream);
    if (one === undefined)
      throw new ConnectError(`no upstream ${upstream}: write ${suggest(upstream, [...upstreams.keys()])}`, Code.NotFound);
    return [[upstream, one]];
  };
  const isKnown = async (upstream: string, { ids, isRegistered, service }: BreakerScope, endpoint: string): Promise<boolean> => {
    if (ids.includes(endpoint)) return true;
    if ((await breakers.getByName(upstream).state()).some((one) => one.endpoint === endpoint)) return true;
    if (!isRegistered || rings === undefined) return false;
    const list = await rings.getByName(service).snapshot(-1, undefined);
    return list.kind === "changed" && list.endpoints.some(({ id }) => id === endpoint);
  };
  return {
    async listBreakers({ upstream }, context) {
      admit(context);
      const lists = named(upstream).map(async ([name, { ids }]) => {
        const known = await asked(name, breakers.getByName(name).state());
        const unheard = ids.filter((id) => !known.some(({ endpoint }) => endpoint === id));
        const silent = unheard.map((endpoint) => ({ endpoint, kind: "closed", since: undefined, forced: undefined, isolates: 0 }) as const);
        return [...known, ...silent].map((standing) => message(name, standing));
      });
      return { breakers: (await Promise.all(lists)).flat() };
    },
    async forceBreaker({ upstream, endpoint, force, reason }, context) {
      admit(context);
      const author = authorOf(context, tokenName, reason);
      if (!WORDS.has(force)) throw new ConnectError("force: write FORCE_OPEN, FORCE_CLOSED or FORCE_EVIDENCE", Code.InvalidArgument);
      if (upstream === "") throw new ConnectError("upstream: write one", Code.InvalidArgument);
      const [[, one]] = named(upstream) as [[string, BreakerScope]];
      if (one.mode === "off") throw new ConnectError(`${upstream} heeds no breakers: its breaker.mode is "off"`, Code.FailedPrecondition);
      if (!(await asked(upstream, isKnown(upstream, one, endpoint))))
        throw new ConnectError(`no endpoint ${endpoint} of ${upstream}: write one that ListBreakers tells`, Code.NotFound);
      return message(upstream, await asked(upstream, breakers.getByName(upstream).force(endpoint, WORDS.get(force), author)));
    },
    async listChanges({ upstream }, context) {
      admit(context);
      const lists = named(upstream).map(async ([name]) => {
        const changes = await asked(name, breakers.getByName(name).changes());
        return changes.map((change) => ({ ...change, upstream: name }));
      });
      const latest = (await Promise.all(lists)).flat().sort((a, b) => b.at - a.at || b.id - a.id);
      return { changes: latest.slice(0, MOST_CHANGES).map(changeMessage) };
    },
  };
}

/** @throws ConnectError where the object can't be asked: nothing has changed then that anybody was told of */
async function asked<T>(upstream: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (fault) {
    logEvent("breaker_request_failed", { upstream, error: fault });
    throw new ConnectError(`the breakers of ${upstream} can't be asked now: try again`, Code.Unavailable);
  }
}

/** Whoever has the secret may say who he is: the audit has his word for it, and the secret's name. */
function authorOf({ requestHeader }: HandlerContext, tokenName: string, reason: string): Author {
  const name = requestHeader.get(OPERATOR_HEADER);
  if (name !== null && !/^[\w.@+-]{1,64}$/.test(name))
    throw new ConnectError(`${OPERATOR_HEADER}: write 1 to 64 letters, digits and . @ + - _`, Code.InvalidArgument);
  const why = reason.trim();
  if (why.length < 1 || why.length > 500) throw new ConnectError("reason: write 1 to 500 characters, for the audit", Code.InvalidArgument);
  return { who: name === null ? tokenName : `${name} (${tokenName})`, reason: why };
}

function message(upstream: string, { endpoint, kind, since, forced, isolates }: BreakerStatus): Breaker {
  const facts = { upstream, endpoint, state: STATES[kind], forced: forceOf(forced), isolates };
  return create(BreakerSchema, since === undefined ? facts : { ...facts, since: timestampFromMs(since) });
}

type Changed = Awaited<ReturnType<CircuitBreaker["changes"]>>[number] & { readonly upstream: string };

function changeMessage({ upstream, at, endpoint, kind, forced, who, reason }: Changed) {
  const state = STATES[forced ?? kind];
  return create(ChangeSchema, { time: timestampFromMs(at), upstream, endpoint, state, forced: forceOf(forced), who, reason });
}

function forceOf(forced: "open" | "closed" | null | undefined): Force {
  return forced == null ? Force.EVIDENCE : FORCES[forced];
}
