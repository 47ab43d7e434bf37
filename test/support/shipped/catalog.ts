// The services as they ship, for the tests: a team changes workers/services/catalog.ts, and not this file.
import type { DescService } from "@bufbuild/protobuf";
import { NotificationService } from "../../../protos/gen/notifications/v1/notifications_pb.ts";
import { OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";

export const catalog: readonly DescService[] = [UserService, OrderService, NotificationService];
