import { t as GatewayInput } from "../../shared/gateway.js";
import "../../shared/upstream.js";
import "../../shared/token-buckets.js";
import { t as CustomLayer } from "../../shared/layer.js";
import { n as CompileExpression, t as Validate } from "../../shared/validation.js";
import "../../shared/issuers.js";
import { DescMessage, DescMethod, DescService, Message, Registry, UnknownEnum } from "@bufbuild/protobuf";
import { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import "@bufbuild/protobuf/reflect";
import "jose";
import { Timestamp } from "@bufbuild/protobuf/wkt";
/** `ctx.access` of the platform, where Access is in front of the Worker. */
interface AccessContext {
  readonly aud: string;
  getIdentity(): Promise<Readonly<Record<string, unknown>> | undefined>;
}
type ExpressionCompiler = CompileExpression<DescMessage, Message>;
type Validator = Validate<DescMessage, Message>;
interface Extensions {
  readonly validator?: Validator | undefined;
  readonly compiler?: ExpressionCompiler | undefined;
  readonly layers?: readonly CustomLayer[] | undefined;
}
/** What is used of the context that the platform gives with a request. */
interface PlatformContext {
  readonly access?: AccessContext | undefined;
}
export interface GatewayOptions extends Extensions {
  readonly config: GatewayInput;
  readonly catalog: readonly DescService[];
}
/** What the platform calls. */
export interface GatewayWorker {
  fetch(request: Request, env: unknown, ctx: PlatformContext): Response | Promise<Response>;
}
/** @throws InvalidConfiguration with every problem of the configuration */
export declare function serve({ config, catalog, ...extensions }: GatewayOptions): GatewayWorker;
export {};