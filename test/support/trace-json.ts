// A trace as GetTrace returns it in JSON.
export interface TraceJson {
  readonly requestId: string;
  readonly route?: string;
  readonly httpMethod: string;
  readonly status: number;
  readonly steps: readonly TraceStepJson[];
}

export interface TraceStepJson {
  readonly layer: string;
  readonly isAttempt?: boolean;
  readonly attempt?: number;
  readonly outcome: string;
  readonly reason?: string;
  readonly values?: readonly TraceValueJson[];
  readonly settings?: readonly TraceValueJson[];
}

export interface TraceValueJson {
  readonly name: string;
  readonly value: unknown;
  readonly source?: string;
}
