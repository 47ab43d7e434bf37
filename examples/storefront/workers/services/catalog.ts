// The services that the gateway knows by their protos. Its configuration serves the storefront; users and orders are reached through that alone.
import type { DescService } from "@bufbuild/protobuf";
import { GreeterService } from "../../protos/gen/greeter/v1/greeter_pb.ts";
import { OrderService } from "../../protos/gen/orders/v1/orders_pb.ts";
import { StorefrontService } from "../../protos/gen/storefront/v1/storefront_pb.ts";
import { UserService } from "../../protos/gen/users/v1/users_pb.ts";

export const catalog: readonly DescService[] = [GreeterService, StorefrontService, UserService, OrderService];
