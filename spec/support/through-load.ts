/** Many clients at the same time, each of whose requests bears a token that must come back in its own answer. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { PartnerServer } from './partner-servers.ts';

/** What became of the requests: how many were answered as they should, or with which status or error they were not. */
export type Outcomes = {
  readonly counts: ReadonlyMap<string, number>;
  /** Sentences on answers that were another's, or not whole though they said so. */
  readonly wrong: readonly string[];
  /** The longest that one took, milliseconds. */
  readonly longest: number;
};

const slowFiles = 10;
const slowContent = (n: number): string => `${n} `.repeat(2000);

/** Puts files there of which each takes its time, so that requests are on their way at any moment. */
export const prepareSlow = async (service: PartnerServer): Promise<void> => {
  await mkdir(join(service.disk, 'slow'));
  for (let n = 0; n < slowFiles; n += 1) await writeFile(join(service.disk, 'slow', String(n)), slowContent(n));
};

type Got = { readonly status: number; readonly body: string };

const get = (agent: Agent, port: number, path: string, body: string | undefined): Promise<Got> =>
  new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const asked = request({ agent, port, host: '127.0.0.1', path, method }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });

/** Lets so many clients ask one request after the other, over kept connections, until the load is ended. */
export const loadThrough = (port: number, clients: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  const state = { over: false, longest: 0 };
  const one = async (n: number): Promise<void> => {
    const [token, slow] = [randomUUID(), n % 4 === 0];
    const path = slow ? `/site/slow/${n % slowFiles}` : `/site/told/${token}`;
    const expected = slow ? slowContent(n % slowFiles) : ` /told/${token}|`;
    const began = performance.now();
    const outcome = await get(agent, port, path, n % 4 === 1 ? token : undefined).then(
      ({ status, body }) => {
        if (status === 200 && !(slow ? body === expected : body.includes(expected)))
          wrong.push(`${path} was answered ${JSON.stringify(body.slice(0, 100))}`);
        return String(status);
      },
      () => 'broken off',
    );
    state.longest = Math.max(state.longest, performance.now() - began);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    // whoever is told to come again does not do so at once
    if (outcome !== '200') await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const client = async (n: number): Promise<void> => {
    for (let i = n; !state.over; i += 1) await one(i);
  };
  const ended = Promise.all(Array.from({ length: clients }, (_, n) => client(n)));
  return {
    counts: counts as ReadonlyMap<string, number>,
    end: async (): Promise<Outcomes> => {
      state.over = true;
      await ended;
      agent.destroy();
      return { counts, wrong, longest: state.longest };
    },
  };
};
