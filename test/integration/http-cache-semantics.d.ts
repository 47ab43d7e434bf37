// What is used of a package without types.
declare module "http-cache-semantics" {
  interface Message {
    readonly method?: string;
    readonly url?: string;
    readonly status?: number;
    readonly headers: Readonly<Record<string, string>>;
  }
  export default class CachePolicy {
    constructor(request: Message, response: Message, options: { shared: boolean; cacheHeuristic: number; immutableMinTimeToLive: number });
    storable(): boolean;
    stale(): boolean;
  }
}
