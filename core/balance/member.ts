// The endpoints of an upstream as they are configured or registered, and whether the upstream takes calls.

/** One endpoint. */
export interface Member {
  readonly id: string;
  readonly weight: number; // [1, 1000]
  readonly priority: number; // a whole number from 0; the next one takes over where no endpoint of this one can take calls
  readonly isDraining: boolean; // a draining endpoint gets no new calls
  readonly zone?: string;
  readonly isHealthy?: boolean; // false: its health checks fail, and it is picked only where no healthy endpoint is left
}

/** Whether an upstream takes calls, as far as this isolate knows. */
export type ServingStatus = "serving" | "not_serving" | "unknown";
