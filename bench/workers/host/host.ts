// The service host with a method that stores nothing: the cost of the host alone.
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineService } from "../../../workers/service.ts";
import { USER } from "./constant-user.ts";

export default defineService(UserService, () => ({ getUser: () => USER }));
