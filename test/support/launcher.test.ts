import { expect, test } from 'vitest';
import { nodeFlags } from './launcher.ts';

test('the image runs the agent as a checkout does', () => {
  expect(nodeFlags('image/gryphon')).toEqual(nodeFlags('bin/gryphon'));
  expect(nodeFlags()).toContainEqual(expect.stringMatching(/^--max-semi-space-size=/));
});
