// The parts of an OpenAPI document that the pages read. Members with `x-` are the gateway's own.

export interface ApiSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly required?: readonly string[];
  readonly items?: ApiSchema;
  readonly anyOf?: readonly ApiSchema[];
  readonly additionalProperties?: ApiSchema | boolean;
  readonly enum?: readonly string[];
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly "x-minimum"?: string;
  readonly "x-maximum"?: string;
  readonly "x-exclusiveMinimum"?: string;
  readonly "x-exclusiveMaximum"?: string;
  readonly "x-oneof"?: string;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly deprecated?: boolean;
}

export interface Media {
  readonly schema?: ApiSchema;
  readonly example?: unknown;
}

export interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly description?: string;
  readonly required?: boolean;
  readonly deprecated?: boolean;
  readonly schema?: ApiSchema;
  readonly example?: unknown;
  readonly "x-multi-segment"?: boolean; // the value may have slashes
}

export interface BodySpec {
  readonly description?: string;
  readonly required?: boolean;
  readonly content: Readonly<Record<string, Media>>;
}

export interface ResponseSpec {
  readonly $ref?: string;
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly $ref?: string; readonly description?: string }>>;
  readonly content?: Readonly<Record<string, Media>>;
}

export type MethodKind = "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";

/** The same method as a Connect call. */
export interface ConnectMethod {
  readonly path: string;
  readonly kind: MethodKind;
  readonly sideEffects: boolean;
  readonly example: unknown; // a request message
}

export interface ApiOperation {
  readonly operationId: string;
  readonly tags: readonly [string, ...string[]];
  readonly summary: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: BodySpec;
  readonly responses: Readonly<Record<string, ResponseSpec>>;
  readonly "x-connect": ConnectMethod;
}

export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components?: unknown;
}

export type PathItem = Readonly<Record<string, ApiOperation | undefined>> & {
  readonly "x-additional-operations"?: Readonly<Record<string, ApiOperation>>;
};
