/** Writes to the store: appends, deletes and tombstones, those that arrive together in one commit. */
import { randomUUID } from 'node:crypto';
import { judge } from './judge.ts';
import { isSoftDeleted, type Metadata, metadataBytes, metadataOf } from './retention.ts';
import type { Store } from './store.ts';
import { type Append, type Expected, greatest, type Outcome, type Proposed } from './vocabulary.ts';

const proposed = (type: string, data: Uint8Array, contentType = 'application/json'): Proposed => ({
  id: randomUUID(),
  type,
  contentType,
  data,
  metadata: new Uint8Array(),
});

const truncate = (store: Store, stream: string, metadata: Metadata, before: bigint) => {
  const name = `$$${stream}`;
  return store.put(name, [proposed('$metadata', metadataBytes(metadata, before))], store.last(name) + 1n);
};

/** Appends, if the rules allow it; a stream that was deleted softly continues with its next revision. */
export const append = (store: Store, { stream, expected, events }: Append): Outcome => {
  const verdict = judge(
    store,
    stream,
    expected,
    events.map(({ id }) => id),
  );
  if (verdict.kind !== 'take') return verdict;
  if (events.length === 0) return { kind: 'stored', revision: verdict.last, position: undefined };
  if (isSoftDeleted(store, stream)) truncate(store, stream, metadataOf(store, stream), verdict.last + 1n);
  const last = store.put(stream, events, verdict.last + 1n);
  return { kind: 'stored', revision: verdict.last + BigInt(events.length), position: last?.position };
};

/** Deletes a stream so that it can be written again. */
export const softDelete = (store: Store, stream: string, expected: Expected): Outcome => {
  const verdict = judge(store, stream, expected, []);
  if (verdict.kind !== 'take') return verdict;
  const written = truncate(store, stream, metadataOf(store, stream), greatest);
  return { kind: 'stored', revision: verdict.last, position: written?.position };
};

/** Deletes a stream for ever. */
export const tombstone = (store: Store, stream: string, expected: Expected): Outcome => {
  const verdict = judge(store, stream, expected, []);
  if (verdict.kind !== 'take') return verdict;
  const event = proposed('$streamDeleted', new Uint8Array(), 'application/octet-stream');
  const written = store.put(stream, [event], greatest);
  return { kind: 'stored', revision: greatest, position: written?.position };
};

/** The events that a fresh node has of itself. */
export const seed = (store: Store): void => {
  if (store.pageAll(0n, 'forwards', 1).length > 0) return;
  const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
  store.together(() => {
    store.put('$$$stats', [proposed('$metadata', json({ $maxAge: 86_400 }))], 0n);
    store.put('$user-admin', [proposed('$UserCreated', json({ loginName: 'admin', groups: ['$admins'] }))], 0n);
    store.put('$users', [proposed('$User', Buffer.from('admin'), 'application/octet-stream')], 0n);
  });
};

/** Commits writes in groups: those that wait when a commit begins go into it. */
export type Writer = {
  /** Rejects where the store fails; the writes of that group are then all undone. */
  readonly write: <A>(work: (store: Store) => A) => Promise<A>;
  /** How many commits there have been. */
  readonly commits: () => number;
  /** Settles with the next commit after that count, or when the signal aborts. */
  readonly after: (commits: number, signal: AbortSignal) => Promise<void>;
};

/** A writer to whatever store is open now. */
export const createWriter = (store: () => Store): Writer => {
  let waiting: { run: () => void; settle: () => void; fail: (error: unknown) => void }[] = [];
  let commits = 0;
  const watchers = new Set<() => void>();
  const commit = (): void => {
    const group = waiting;
    waiting = [];
    try {
      store().together(() => {
        for (const { run } of group) run();
      });
    } catch (error) {
      for (const { fail } of group) fail(error);
      return;
    }
    commits += 1;
    for (const { settle } of group) settle();
    for (const wake of [...watchers]) wake();
  };
  return {
    write: <A>(work: (store: Store) => A) =>
      new Promise<A>((resolve, reject) => {
        let done: A;
        const run = (): void => {
          done = work(store());
        };
        if (waiting.push({ run, settle: () => resolve(done), fail: reject }) === 1) setImmediate(commit);
      }),
    commits: () => commits,
    after: (count, signal) =>
      new Promise((resolve) => {
        if (commits > count || signal.aborted) {
          resolve();
          return;
        }
        const wake = (): void => {
          watchers.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        watchers.add(wake);
        signal.addEventListener('abort', wake);
      }),
  };
};
