// Tests in test/ run inside the gateway, those beside a service inside that service.
import { workerTests } from "tidegate/testing";
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { projects: await workerTests() } });
