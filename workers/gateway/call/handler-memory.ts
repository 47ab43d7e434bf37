// Routes and handlers of the versions before: a version of the configuration takes those that it would compile alike.

import { Derived } from "../../../core/config/derived.ts";
import { sameSettings } from "../../../core/config/same-settings.ts";
import type { SharedParts } from "../pipeline.ts";
import type { Handler } from "./layer.ts";
import type { Route } from "./route.ts";

/** Parts of which a pipeline takes those of its route alone: they are compared route by route. */
const BY_ROUTE = ["caches", "expressions", "layers", "secretOf"] as const satisfies readonly (keyof SharedParts)[];

/** Stands for the parts that all routes of a version take. It is the same object while these are the same. */
export type Frame = Omit<SharedParts, (typeof BY_ROUTE)[number]>;

/** The latest frame of an isolate. */
export class LatestFrame {
  #frame: Frame | undefined;

  of(shared: SharedParts): Frame {
    const frame = Object.fromEntries(Object.entries(shared).filter(([name]) => !(BY_ROUTE as readonly string[]).includes(name)));
    if (this.#frame === undefined || !sameFrame(this.#frame, frame)) this.#frame = frame as unknown as Frame;
    return this.#frame;
  }
}

function sameFrame(one: Frame, other: Readonly<Record<string, unknown>>): boolean {
  if (Object.keys(one).length !== Object.keys(other).length) return false;
  return Object.entries(one).every(([name, part]) => {
    const same = other[name];
    if (name === "gateway") return sameSettings(part, same); // settings alone
    if (name === "limiters") return sameLimiters(part as object, same as object);
    return Object.is(part, same);
  });
}

/** One object for each version, of parts of the isolate. */
function sameLimiters(one: object, other: object): boolean {
  return Object.entries(one).every(([name, part]) => Object.is(part, (other as Readonly<Record<string, unknown>>)[name]));
}

/** Facts of a route, by what it is made of. */
export const ROUTES = new Derived<object, Route>();

/** Handlers that calls have had compiled, by what is served: a method, an HTTP rule or a prefix. */
export const HANDLERS = new Derived<object, Handler>();
