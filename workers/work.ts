// Work that outlives the response, and streams of items, inside an isolate: what the package exports as `tidegate/work`.

export type { FailureAction, LostItems } from "../core/background-work/open-batch.ts";
export { type BackgroundContext, BatchProcessor, type SendBatch } from "./background-work/batch-processor.ts";
export type { BatchOptions } from "./background-work/batch-settings.ts";
export type { Process } from "./background-work/pipeline/map-stage.ts";
export { Pipeline, type PipelineOptions, type StageOptions } from "./background-work/pipeline/pipeline.ts";
export type { PipelineSource } from "./background-work/pipeline/source.ts";
export { type WorkRefusal, WorkRefused } from "./background-work/work-refused.ts";
export { type PoolOptions, type RunOptions, WorkerPool } from "./background-work/worker-pool.ts";
