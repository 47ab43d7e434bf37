// Stores all users, in one Durable Object: an e-mail address must be unique among all of them.
import { type User, UserChange_Kind, UserSchema } from "../../../protos/gen/users/v1/users_pb.ts";
import { Collection } from "../collection.ts";
import type { RequestKey } from "../request-key.ts";
import type { Created, Done, Refused } from "../store-result.ts";

export class UserStore extends Collection<User, UserChange_Kind> {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env, UserSchema, "usr", ["CREATE UNIQUE INDEX by_email ON entities (found_by)"]);
  }

  create(draft: User, key: RequestKey | undefined): Created | Refused<"email_taken"> {
    const created = this.findCreated(draft, key);
    if (created !== undefined) return created;
    if (this.find(this.foundBy(draft)) !== undefined) return { kind: "email_taken" };
    return this.add(draft, key, UserChange_Kind.CREATED);
  }

  /** @param patch the fields to change, by name */
  update(id: string, patch: Partial<User>): Done<User> | Refused<"not_found" | "email_taken"> {
    const user = this.get(id);
    if (user === undefined) return { kind: "not_found" };
    if (Object.keys(patch).length === 0) return { kind: "done", entity: user };
    const changed = { ...user, ...patch };
    const owner = this.find(this.foundBy(changed));
    if (owner !== undefined && owner.id !== id) return { kind: "email_taken" };
    return this.replace(changed, UserChange_Kind.UPDATED);
  }

  delete(id: string): Done<User> | Refused<"not_found"> {
    const user = this.get(id);
    return user === undefined ? { kind: "not_found" } : this.remove(user, UserChange_Kind.DELETED);
  }

  protected override foundBy({ email }: User): string {
    return email.normalize("NFC").toLowerCase();
  }
}
