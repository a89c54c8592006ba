import { defineConfig } from "vitest/config";

/** Tests that measure how soon something happens: nothing else may want the processor meanwhile. */
const ALONE = ["test/integration/e2e/datagrams-while-down.test.ts"];

/** Runs that mostly wait, and measure how soon the program is back. */
const CHAOS = ["test/integration/chaos.test.ts"];

/** How many files with servers run at a time. */
const WITH_SERVERS = 3;

/** What all tests with servers have in common. */
const withServers = {
  globalSetup: ["test/support/build-once.ts"],
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          // No unit test changes anything that is global, so that a fresh process for each file would
          // only take time: five times as long.
          isolate: false,
        },
      },
      {
        test: {
          ...withServers,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: [...ALONE, ...CHAOS],
          // Each file starts its own servers on ports of its own, and mostly waits for them: three at a
          // time fill two cores.
          maxWorkers: WITH_SERVERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          // What takes minutes, because a server wants it so: `npm run test:long`.
          ...withServers,
          name: "long",
          include: ["test/long/**/*.test.ts"],
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...withServers,
          name: "integration-alone",
          include: ALONE,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...withServers,
          name: "chaos",
          include: CHAOS,
          maxWorkers: WITH_SERVERS,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
