// What the user service does: looks a request over as a whole, asks the store, and tells its verdict.
import { create } from "@bufbuild/protobuf";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { type User, UserSchema, type UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { check, draftOf, fieldsToUpdate, pick, type Rules } from "../fields.ts";
import { pageOf, writePageToken } from "../pages.ts";
import { requestKey } from "../request-key.ts";
import { createErrors, notFound, settle } from "../verdict.ts";
import { lengthOf, refuseUnlessId, Violations, violationError } from "../violations.ts";
import { changesAfter } from "../watch.ts";
import type { UserStore } from "./store.ts";

// Linear in time: no part of it can match what the next one could.
const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/;

const RULES: Rules<User> = {
  displayName: (name, path, wrong) => {
    const length = lengthOf(name);
    wrong.unless(length >= 1 && length <= 100 && name.trim() !== "", path, "write 1 to 100 characters");
  },
  email: (email, path, wrong) =>
    wrong.unless(lengthOf(email) <= 254 && EMAIL.test(email), path, "write an address such as ada@example.com"),
};

export function users(stores: DurableObjectNamespace<UserStore>): ServiceImpl<typeof UserService> {
  // One stub for one call: after an error a stub stays broken.
  const store = () => stores.getByName("directory");
  return {
    async createUser({ user, requestId }, context) {
      const wrong = new Violations();
      const key = requestKey(requestId, context, wrong);
      const draft = draftOf(UserSchema, user ?? create(UserSchema));
      check(RULES, UserSchema.fields, draft, "user", wrong);
      wrong.refuse();
      return settle(await store().create(draft, key), { ...createErrors, email_taken: emailTaken });
    },

    async getUser({ id }) {
      refuseUnlessId("usr", "id", id);
      const user = await store().get(id);
      if (user === undefined) throw notFound("user", id);
      return user;
    },

    async listUsers(request) {
      const wrong = new Violations();
      const page = pageOf(request, "usr", wrong);
      wrong.refuse();
      const { entities, hasMore } = await store().list(page);
      return { users: entities, nextPageToken: hasMore ? writePageToken(entities.at(-1)!.id) : "" };
    },

    async updateUser({ user = create(UserSchema), updateMask }) {
      const wrong = new Violations();
      wrong.unlessId("usr", "user.id", user.id);
      const fields = fieldsToUpdate(UserSchema, user, updateMask, wrong);
      check(RULES, fields, user, "user", wrong);
      wrong.refuse();
      const verdict = await store().update(user.id, pick(user, fields));
      return settle(verdict, { not_found: () => notFound("user", user.id), email_taken: emailTaken });
    },

    async deleteUser({ id }) {
      refuseUnlessId("usr", "id", id);
      settle(await store().delete(id), { not_found: () => notFound("user", id) });
      return {};
    },

    async *watchUsers({ afterRevision }, context) {
      for await (const { kind, entity, revision } of changesAfter(store, afterRevision, context)) {
        yield { kind, user: entity, revision };
      }
    },
  };
}

const emailTaken = () => violationError(Code.AlreadyExists, [{ field: "user.email", description: "is the address of another user" }]);
