// The root bucket of a tree of leases.
import type { LeaseRequest } from "../../../../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../../../../core/rate-limit/lease-record.ts";
import { Clock, type Respond, type Site, Thread } from "./site.ts";

export class Root {
  readonly name = "root";
  readonly place: string;
  readonly site: Site;
  readonly clock: Clock;
  readonly thread: Thread;
  bucket: LeasedBucket | undefined;

  constructor(site: Site, place: string) {
    this.site = site;
    this.place = place;
    this.clock = new Clock(site.world);
    this.thread = new Thread(site);
  }

  handle(request: LeaseRequest, respond: Respond): void {
    this.thread.run(() => {
      const { code, limit, random } = this.site;
      const [after, grant] = code.grantLease(this.bucket, limit, request, this.clock.now, random());
      this.bucket = after;
      this.site.decided?.(this);
      respond(grant);
    });
  }

  /** The rows are read again. */
  restart(): void {
    if (this.bucket !== undefined) this.bucket = JSON.parse(JSON.stringify(this.bucket)) as LeasedBucket;
  }
}
