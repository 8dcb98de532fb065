import { defineConfig } from 'vitest/config';

/** Pure folders: no I/O, no clock, no logging; held to 95% coverage. */
const pureFolders = [
  'src/net/**/*.ts',
  'src/ports/**/*.ts',
  'src/calc/**/*.ts',
  'src/bgp/wire/**/*.ts',
  'src/bgp/fsm/**/*.ts',
  'src/bgp/rib/**/*.ts',
  'src/netlink/wire/**/*.ts',
  'src/kube/records/**/*.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.root.test.ts', 'test/**/*.e2e.test.ts'],
        },
      },
      {
        test: {
          name: 'root',
          include: ['test/**/*.root.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          // Whatever is waited for has a time of its own and says what did not come; these only end what hangs.
          testTimeout: 400_000,
          hookTimeout: 400_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: pureFolders,
      thresholds: { statements: 95, lines: 95, functions: 95 },
      reporter: [['text', { skipFull: true }], 'text-summary'],
    },
  },
});
