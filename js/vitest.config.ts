import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    environment: "node",
    testTimeout: 60_000, // it ends a test that hangs; the machine may be busy
    hookTimeout: 60_000,
  },
});
