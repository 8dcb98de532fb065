import { afterAll, beforeAll, beforeEach, describe, onTestFailed } from 'vitest';
import { acceptance } from './chapters/acceptance.ts';
import { agents } from './chapters/agents.ts';
import { apiServerAway } from './chapters/api-server-away.ts';
import { install } from './chapters/install.ts';
import { nodes } from './chapters/nodes.ts';
import { objects } from './chapters/objects.ts';
import { rights } from './chapters/rights.ts';
import { topOfRack } from './chapters/top-of-rack.ts';
import { traffic } from './chapters/traffic.ts';
import { uninstall } from './chapters/uninstall.ts';
import { Stage } from './stage.ts';

/** One cluster lives through all of it, so the order counts, and nothing goes on after a failure. */
const stage = new Stage();
beforeAll(() => stage.open());
afterAll(() => stage.close());
beforeEach(() => {
  onTestFailed(async () => {
    process.stdout.write(`${await stage.diagnose()}\n`);
  });
});

describe('install', () => install(stage));
describe('traffic', () => traffic(stage));
describe('rights', () => rights(stage));
describe('objects', () => objects(stage));
describe('acceptance', () => acceptance(stage));
describe('a top-of-rack router', () => topOfRack(stage));
describe('agents that restart', () => agents(stage));
describe('an API server that is away', () => apiServerAway(stage));
describe('nodes that come and go', () => nodes(stage));
describe('uninstall', () => uninstall(stage));
