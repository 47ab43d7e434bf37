// The methods of the user service. Each checks its whole request, calls the store, and returns the result or throws its error.
import { create } from "@bufbuild/protobuf";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { type User, UserSchema, type UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { check, draftOf, type FieldRules, fieldsToUpdate, pick } from "../fields.ts";
import { pageOf, writePageToken } from "../pages.ts";
import { requestKey, requestKeyValue } from "../request-key.ts";
import { createdEntity, entityOrThrow, notFound } from "../store-result.ts";
import { hasLength, requireId, Violations, violationError } from "../violations.ts";
import { changesAfter } from "../watch.ts";
import type { UserStore } from "./store.ts";

// Takes linear time: no two adjacent parts can match the same character.
const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/;

const RULES: FieldRules<User> = {
  displayName: (name, path, violations) =>
    violations.require(hasLength(name, 1, 100) && name.trim() !== "", path, "write 1 to 100 characters"),
  email: (email, path, violations) =>
    violations.require(hasLength(email, 1, 254) && EMAIL.test(email), path, "write an address such as ada@example.com"),
};

export function users(stores: DurableObjectNamespace<UserStore>): ServiceImpl<typeof UserService> {
  // A new stub for each call: after an error, a stub stays broken.
  const store = () => stores.getByName("directory");
  return {
    async createUser({ user, requestId }, context) {
      const violations = new Violations();
      const keyValue = requestKeyValue(requestId, context, violations);
      const draft = draftOf(UserSchema, user ?? create(UserSchema));
      check(RULES, UserSchema.fields, draft, "user", violations);
      violations.throwIfAny();
      const key = await requestKey(keyValue, requestId, context, UserSchema, draft);
      const result = await store().create(draft, key);
      if (result.kind === "email_taken") throw emailTaken();
      return createdEntity(UserSchema, result, key?.isField === true, context);
    },

    async getUser({ id }) {
      requireId("usr", "id", id);
      const user = await store().get(id);
      if (user === undefined) throw notFound("user", id);
      return user;
    },

    async listUsers(request) {
      const violations = new Violations();
      const page = pageOf(request, "usr", violations);
      violations.throwIfAny();
      const { entities, hasMore } = await store().list(page);
      return { users: entities, nextPageToken: hasMore ? writePageToken(entities.at(-1)!.id) : "" };
    },

    async updateUser({ user = create(UserSchema), updateMask }) {
      const violations = new Violations();
      violations.requireId("usr", "user.id", user.id);
      const fields = fieldsToUpdate(UserSchema, user, updateMask, violations);
      check(RULES, fields, user, "user", violations);
      violations.throwIfAny();
      const result = await store().update(user.id, pick(user, fields));
      return entityOrThrow(result, { not_found: () => notFound("user", user.id), email_taken: emailTaken });
    },

    async deleteUser({ id }) {
      requireId("usr", "id", id);
      entityOrThrow(await store().delete(id), { not_found: () => notFound("user", id) });
      return {};
    },

    async *watchUsers({ afterRevision }, context) {
      for await (const { kind, entity, revision } of changesAfter(store, afterRevision, context)) {
        yield { kind, user: entity, revision };
      }
    },
  };
}

const emailTaken = () => violationError(Code.AlreadyExists, "user.email", "is the address of another user");
