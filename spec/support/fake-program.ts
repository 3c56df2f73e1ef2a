/** A program to run commands on: a config that loads, a server that runs until it is stopped, keys that exist on paper. */
import { left, right } from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { roles, travels } from '../../actors/roles.ts';
import type { Program } from '../../adapters/cli/program.ts';
import type { LoadedConfig } from '../../adapters/shared/loaded-config.ts';
import { decodeConfig } from '../../domain/config.ts';
import { permanent } from '../../domain/failure.ts';
import type { Clock } from '../../domain/ports.ts';
import { fakeControl } from './fake-control.ts';

const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

const config = decodeConfig(
  {
    role: 'inner',
    node: 'inner',
    data: '/data',
    messageService: {
      ...{ ca: '/ca.crt', certificate: '/inner.crt', key: '/inner.key' },
      peers: [{ node: 'dmz', fingerprint: `sha256:${'0'.repeat(64)}`, host: 'dmz' }],
    },
  },
  [],
);
if (config._tag === 'Left') throw new Error(JSON.stringify(config.left));
const loaded: LoadedConfig = {
  ...{ file: '/inner.yaml', config: config.right, secrets: new Map(), credentials: new Map() },
  tls: { ca: '', certificate: '', key: '' },
};

/** The fake program; each part can be replaced. */
export const fakeProgram = (parts: Partial<Program> = {}): Program => ({
  protocols: [],
  load: (file) =>
    Promise.resolve(file === '/inner.yaml' ? right(loaded) : left([{ path: 'role', problem: 'is wrong', line: 3 }])),
  dataOf: (file) =>
    Promise.resolve(file === '/inner.yaml' ? right('/data') : left([{ path: 'data', problem: 'is wrong' }])),
  decode: () => Promise.resolve(left([{ path: 'role', problem: 'is wrong' }])),
  start: () => Promise.resolve(left('it cannot start')),
  check: () => Promise.resolve([]),
  keys: {
    create: () => TE.left(permanent('exists', '/keys/ca.crt exists already.')),
    bundle: ({ directory, node }) => TE.right(`${directory}/bundle-${node}`),
    renew: () => TE.left(permanent('notFound', 'There is no such node.')),
    show: () => TE.right([]),
  },
  copyLog: () => Promise.resolve(left('it cannot be copied')),
  controlClient: () => fakeControl().control,
  audit: {
    verify: () => Promise.resolve(left('there is no event log')),
    trusting: () => ({ signedBy: () => true, fingerprint: () => `sha256:${'0'.repeat(64)}` }),
    segments: () => Promise.resolve(left('there is no event log')),
  },
  demo: () => Promise.resolve(0),
  owners: { roles, travels },
  clock,
  ...parts,
});
