// What callers do in the soak: good calls of each protocol, broken ones, slow ones, and some that hang up.
import { corpusOf } from "../../fuzz/fuzz.ts";
import { parseCase } from "../../fuzz/gateway/case.ts";
import { mutated } from "../../fuzz/mutate.ts";
import { FAULT_NAMES } from "../replies.ts";
import { exchange, request } from "../wire.ts";
import type { Ledger } from "./ledger.ts";
import type { World } from "./world.ts";

/** Longer than any deadline of the gateway, however busy the machine is. */
const ANSWER_MS = 60_000;
const CALLERS = 60;
const MAX_BODY_BYTES = 20_000;

export interface Actor {
  readonly world: World;
  readonly ledger: Ledger;
  readonly random: () => number;
  readonly own: string[]; // ids of users that this actor alone writes
  /** Reports a response of the gateway, or that there was none. */
  readonly report: (action: string, status: number | "none", text: string) => void;
}

type Action = (actor: Actor) => Promise<void>;

const below = ({ random }: Actor, limit: number): number => Math.floor(random() * limit);
const pick = <T>(actor: Actor, list: readonly T[]): T => list[below(actor, list.length)]!;
const address = (actor: Actor): string => `192.0.2.${below(actor, CALLERS)}`;
const corpus = corpusOf("gateway");

async function call(actor: Actor, action: string, path: string, init: RequestInit): Promise<{ status: number; text: string } | undefined> {
  const headers = { "cf-connecting-ip": address(actor), ...(init.headers as Record<string, string>) };
  try {
    const response = await fetch(actor.world.bench.gateway.origin + path, {
      ...init,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    actor.report(action, response.status, text);
    return { status: response.status, text };
  } catch (error) {
    // The connection ends within the response where the upstream's does; a deadline of the gateway that does not hold is a fault.
    if (error instanceof Error && error.name === "TimeoutError") actor.report(action, "none", `no response within ${ANSWER_MS} ms`);
    return undefined;
  }
}

const JSON_TYPE = { "content-type": "application/json" };

const create: Action = async (actor) => {
  const number = actor.ledger.creations++;
  const user = { displayName: "n0", email: `user-${number}@example.com` };
  const isRest = actor.random() < 0.5;
  const path = isRest ? `/api/v1/users?requestId=r-${number}` : "/users.v1.UserService/CreateUser";
  const body = JSON.stringify(isRest ? user : { user, requestId: `r-${number}` });
  const got = await call(actor, "create", path, { method: "POST", headers: JSON_TYPE, body });
  if (got?.status !== 200) return;
  const { id } = JSON.parse(got.text) as { id: string };
  actor.ledger.created(id);
  actor.own.push(id);
};

const update: Action = async (actor) => {
  if (actor.own.length === 0) return create(actor);
  const id = pick(actor, actor.own);
  const { number, name } = actor.ledger.startUpdate(id);
  const got = await call(actor, "update", `/api/v1/users/${id}?updateMask=displayName`, {
    method: "PATCH",
    headers: JSON_TYPE,
    body: JSON.stringify({ displayName: name }),
  });
  if (got?.status === 200) actor.ledger.updated(id, number);
};

const read: Action = async (actor) => {
  const id = actor.own.length === 0 ? "usr_01arz3ndektsv4rrffq69g5fav" : pick(actor, actor.own);
  const message = encodeURIComponent(JSON.stringify({ id }));
  const path = pick(actor, [
    `/users.v1.UserService/GetUser?connect=v1&encoding=json&message=${message}`,
    `/api/v1/users/${id}`,
    "/api/v1/users?pageSize=3",
    "/api/v1/orders",
    "/healthz",
  ]);
  await call(actor, "read", path, {});
};

const faulty: Action = async (actor) => {
  const fault = {
    "x-fault": pick(
      actor,
      FAULT_NAMES.filter((name) => name !== "endless" || actor.random() < 0.2),
    ),
  };
  const kind = below(actor, 4);
  if (kind === 0) await call(actor, "plain", `/pub/${below(actor, 100)}`, { headers: fault });
  else if (kind === 1) await call(actor, "cached", `/cached/${below(actor, 20)}`, { headers: fault });
  else if (kind === 2) await call(actor, "rest", `/api/v1/notes/a`, { headers: fault });
  else
    await call(actor, "rpc", "/notes.v1.NoteService/AddNote", {
      method: "POST",
      headers: { ...JSON_TYPE, ...fault },
      body: '{"title":"a"}',
    });
};

/** Requests made of mutated bytes. Their framing may be wrong, too, so the status may be workerd's own. */
const malformed: Action = async (actor) => {
  const { method, target, headers, body } = parseCase(new Uint8Array(mutated(corpus, actor.random)));
  const fields = headers
    .filter(([name]) => !/^(content-length|transfer-encoding|expect)$/i.test(name))
    .map(([name, value]) => `${name}: ${value}`);
  const bytes = request(`${method} ${target}`, [...fields, "connection: close"], body ?? undefined);
  const answer = await exchange(actor.world.bench.gateway.port, [bytes], { waitMs: ANSWER_MS });
  const text = answer.body.toString("latin1");
  if (answer.status !== 200 && text.includes("internal error")) actor.report("malformed", answer.status, text);
};

const bigBody: Action = async (actor) => {
  const text = "x".repeat(below(actor, MAX_BODY_BYTES));
  await call(actor, "upload", "/pub/upload", { method: "POST", headers: { "content-type": "text/plain" }, body: text });
};

const headOf = (actor: Actor, path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\nhost: gateway.test\r\ncf-connecting-ip: ${address(actor)}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

/** Sends a part of a body, piece by piece, and hangs up. */
const hangUp: Action = async (actor) => {
  const path = pick(actor, ["/users.v1.UserService/UpdateUser", "/api/v1/users", "/pub/upload", "/orders.v1.OrderService/CreateOrder"]);
  const pieces = Array.from({ length: below(actor, 8) }, () => "{");
  await exchange(actor.world.bench.gateway.port, [headOf(actor, path, 1_000), ...pieces], {
    everyMs: below(actor, 200),
    hangUp: pick(actor, ["end", "reset"] as const),
    waitMs: 10_000,
  });
};

/** Opens a stream, reads for a while, and hangs up. */
const watch: Action = async (actor) => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 200 + below(actor, 2_000));
  const headers = { accept: "text/event-stream", "cf-connecting-ip": address(actor) };
  await fetch(`${actor.world.bench.gateway.origin}/api/v1/users:watch`, { headers, signal: abort.signal })
    .then((response) => response.text())
    .catch(() => undefined);
};

/** Actions with their weights. */
const ACTIONS: readonly (readonly [number, Action])[] = [
  [25, create],
  [20, update],
  [20, read],
  [15, faulty],
  [8, malformed],
  [4, bigBody],
  [4, hangUp],
  [4, watch],
];
const TOTAL = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

export async function act(actor: Actor): Promise<void> {
  let at = actor.random() * TOTAL;
  for (const [weight, action] of ACTIONS) {
    at -= weight;
    if (at < 0) return action(actor);
  }
}
