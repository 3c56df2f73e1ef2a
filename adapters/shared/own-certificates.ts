/** The certificates of an endpoint as they are now: read again when their files have changed, and chosen by the name that a client asks for. */
import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { fingerprintOf, type Pair } from './certificates.ts';
import { ownCertificate, type PairFiles } from './endpoint-certificate.ts';

/** The certificates of one endpoint. */
export type OwnCertificates = {
  /** The pair whose certificate bears the name; the first one for any other name, and for none. */
  readonly pairFor: (name?: string) => Pair;
  /** Has something done whenever a pair has changed. */
  readonly onChange: (act: () => void) => void;
  readonly stop: () => void;
};

/** How often files are looked at (milliseconds). */
const interval = 10_000;

type Known = { readonly files: PairFiles; pair: Pair; parsed: X509Certificate; seen: string };

/** Reads them: those of the files, the first as the usual one, or else the one that is kept in `file` of the endpoint's directory. Throws where files are no pair. */
export const ownCertificates = async (
  protocol: string,
  files: readonly PairFiles[],
  file: string,
  { clock, log, directory }: Pick<ListenerContext, 'clock' | 'log' | 'directory'>,
): Promise<OwnCertificates> => {
  const kept = join(directory, file);
  const read = (each: PairFiles | undefined): Promise<Pair> => ownCertificate(each, kept, clock.now());
  if (files.length === 0) {
    const pair = await read(undefined);
    return { pairFor: () => pair, onChange: () => undefined, stop: () => undefined };
  }
  const known = await Promise.all(
    files.map(async (each): Promise<Known> => {
      const seen = await marksOf(each);
      const pair = await read(each);
      return { files: each, pair, parsed: new X509Certificate(pair.certificate), seen };
    }),
  );
  const first = known[0]?.pair ?? (await read(undefined));
  const acts: (() => void)[] = [];

  const look = async (each: Known): Promise<void> => {
    const seen = await marksOf(each.files);
    if (seen === each.seen) return;
    each.seen = seen;
    try {
      const pair = await read(each.files);
      if (pair.certificate === each.pair.certificate && pair.key === each.pair.key) return;
      each.pair = pair;
      each.parsed = new X509Certificate(pair.certificate);
      log.info(`${protocol} certificate renewed`, {
        certificate: fingerprintOf(each.parsed),
        until: new Date(each.parsed.validTo).toISOString(),
      });
      for (const act of acts) act();
    } catch (error) {
      log.alarm(`${protocol} certificate not renewed`, {
        why: `${error instanceof Error ? error.message : String(error)}; the one before it stays in use`,
      });
    }
  };
  let cancel = (): void => undefined;
  let stopped = false;
  const wait = (): void => {
    cancel = clock.after(interval, () => {
      void Promise.all(known.map(look)).finally(() => {
        if (!stopped) wait();
      });
    });
  };
  wait();
  return {
    pairFor: (name) =>
      (name === undefined ? undefined : known.find(({ parsed }) => parsed.checkHost(name) !== undefined)?.pair) ??
      known[0]?.pair ??
      first,
    onChange: (act) => void acts.push(act),
    stop: () => {
      stopped = true;
      cancel();
    },
  };
};

/** What tells files as they are from what they were; nothing where they cannot be seen, which reading them tells better. */
const marksOf = async ({ certificate, key }: PairFiles): Promise<string> => {
  const marks = await Promise.all(
    [certificate, key].map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
    }),
  );
  return marks.join('\n');
};

/** Opens an endpoint whose certificates are looked after as long as it is open. */
export const lookedAfter = async (own: OwnCertificates, open: () => Promise<Listener>): Promise<Listener> => {
  try {
    const { address, close } = await open();
    return {
      address,
      close: (graceMs) => {
        own.stop();
        return close(graceMs);
      },
    };
  } catch (error) {
    own.stop();
    throw error;
  }
};
