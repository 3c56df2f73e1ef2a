/** A partner's server in memory: its files, and what is to go wrong next. */
import { posix } from 'node:path';
import { attempt } from '../../adapters/shared/attempt.ts';
import { closed } from '../../adapters/shared/lifeline.ts';
import { badName, exists, isSayable, notFound } from '../../adapters/shared/partner-failures.ts';
import { sourced } from '../../adapters/shared/source.ts';
import { type Failure, failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import { isPartnerFileName, type PartnerFile, type PartnerSession } from '../../domain/partner.ts';

/** What a session is asked to do. */
export type PartnerCall = 'list' | 'look' | 'read' | 'write' | 'rename' | 'remove';

/** The server. `files` are by path; directories are there by themselves, and so is whatever `directories` names. */
export type MemoryPartner = {
  readonly files: Map<string, { readonly bytes: Uint8Array; readonly modified: number }>;
  readonly directories: Set<string>;
  /** What sessions have been asked, in order: `write /in/a.xml`. */
  readonly calls: readonly string[];
  /** The next call of this kind fails so: before it is done, or (`after`) when it is done and only the answer is lost. */
  readonly failNext: (call: PartnerCall, failure: Failure, when?: 'before' | 'after') => void;
  readonly connect: () => PartnerSession;
};

/** Makes a server that holds nothing. */
export const memoryPartner = (now: () => number = () => Date.now()): MemoryPartner => {
  const files: MemoryPartner['files'] = new Map();
  const directories = new Set<string>();
  const calls: string[] = [];
  let plans: readonly { readonly call: PartnerCall; readonly failure: Failure; readonly when: 'before' | 'after' }[] =
    [];

  const connect = (): PartnerSession => {
    let ended: Failure | undefined;
    const on = <A>(call: PartnerCall, path: string, work: () => A | Promise<A>) =>
      attempt(
        async () => {
          if (!isSayable(path)) throw failing(badName(path));
          if (ended !== undefined) throw failing(ended);
          calls.push(`${call} ${path}`);
          const plan = plans.find((each) => each.call === call);
          plans = plans.filter((each) => each !== plan);
          if (plan?.when === 'before') throw failing(plan.failure);
          const done = await work();
          if (plan !== undefined) throw failing(plan.failure);
          return done;
        },
        (error) => failureIn(error) ?? permanent('defect', String(error)),
      );
    const needed = (path: string) => {
      const file = files.get(path);
      if (file === undefined) throw failing(notFound(path));
      return file;
    };
    const factsOf = (path: string): PartnerFile => {
      const { bytes, modified } = needed(path);
      return { path, name: posix.basename(path), size: bytes.length, modified };
    };
    return {
      list: (directory) =>
        on('list', directory, () => {
          const paths = [...files.keys()].filter((path) => posix.dirname(path) === directory).sort();
          if (paths.length === 0 && !directories.has(directory)) throw failing(notFound(directory));
          const fit = paths.filter((path) => isPartnerFileName(posix.basename(path)));
          return { files: fit.map(factsOf), skipped: paths.length - fit.length };
        }),
      look: (path) => on('look', path, () => (files.has(path) ? factsOf(path) : undefined)),
      read: (path, start) =>
        on('read', path, () => {
          const { bytes } = needed(path);
          return (async function* () {
            let whole = false;
            try {
              for (let from = start; from < bytes.length; from += 65_536) {
                await Promise.resolve();
                if (ended !== undefined) throw failing(ended);
                yield bytes.subarray(from, from + 65_536);
              }
              whole = true;
            } finally {
              if (!whole) ended ??= closed;
            }
          })();
        }),
      write: (path, source) =>
        on('write', path, async () => {
          const directory = posix.dirname(path);
          if (!directories.has(directory)) throw failing(notFound(directory));
          const parts: Uint8Array[] = [];
          try {
            for await (const part of sourced(source)) parts.push(part);
          } catch (error) {
            ended = closed;
            throw error;
          }
          files.set(path, { bytes: Buffer.concat(parts), modified: now() });
        }),
      rename: (from, to) =>
        on('rename', from, () => {
          if (!isSayable(to)) throw failing(badName(to));
          const file = needed(from);
          const directory = posix.dirname(to);
          if (directory !== posix.dirname(from) && !directories.has(directory)) throw failing(notFound(directory));
          if (files.has(to)) throw failing(exists(to));
          files.delete(from);
          files.set(to, file);
        }),
      remove: (path) =>
        on('remove', path, () => {
          needed(path);
          files.delete(path);
        }),
      close: () => {
        ended ??= closed;
        return Promise.resolve();
      },
    };
  };
  return {
    files,
    directories,
    calls,
    failNext: (call, failure, when = 'before') => {
      plans = [...plans, { call, failure, when }];
    },
    connect,
  };
};

/** The failure of a call whose answer was lost. */
export const answerLost = temporary('outcomeUnknown', 'the answer was lost');
