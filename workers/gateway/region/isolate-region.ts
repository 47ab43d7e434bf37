// The region of this isolate. An isolate never moves, so its first request from the edge decides.
import { REGION_HEADER } from "../../../core/headers.ts";
import { isRegion, type Region, type RequestPlace, regionOf } from "../../../core/region.ts";

const FIRST_REQUESTS = 64; // all of which are read
const EVERY = 64; // one in so many of the requests after them is read

/**
 * Whether the place of a request is read where none before it showed one, as locally: to read it takes longer than the rest of the routing.
 *
 * @param number of the request, from 1
 */
export function isPlaceRead(number: number): boolean {
  return number <= FIRST_REQUESTS || number % EVERY === 0;
}

/** The region of an isolate, from the first request that shows it. Until then it is `local`. */
export class IsolateRegion {
  #region: Region = "local";
  #observed = 0; // requests

  get current(): Region {
    return this.#region;
  }

  /**
   * To be called with each request.
   *
   * A request without a data center was not received by the edge: another Worker made it, and names its region in a header. A caller
   * cannot choose the region that way, because the edge adds the data center to each request that it receives.
   */
  observe(request: Request): Region {
    if (this.#region !== "local") return this.#region;
    this.#observed += 1;
    if (isPlaceRead(this.#observed)) this.#region = regionFrom(request);
    return this.#region;
  }
}

/** What the edge adds to a request about its place; empty for a request from inside the platform. */
export function placeOf(request: Request): RequestPlace {
  return (request as { readonly cf?: RequestPlace }).cf ?? {}; // the type of `cf` depends on where a request comes from
}

function regionFrom(request: Request): Region {
  const region = regionOf(placeOf(request));
  if (region !== "local") return region;
  const sent = request.headers.get(REGION_HEADER);
  return isRegion(sent) ? sent : "local";
}

const ISOLATE = new IsolateRegion();

/** @returns the region of this isolate; the first request from the edge decides */
export function isolateRegion(request: Request): Region {
  return ISOLATE.observe(request);
}

/** @returns the region of this isolate, as its requests so far have shown it */
export function currentRegion(): Region {
  return ISOLATE.current;
}
