/** COMPOSITION of looking into event logs without a server: each is opened only to be read. */
import { X509Certificate } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { segmentAt } from '../actors/segments.ts';
import { verifyLog } from '../actors/verify-log.ts';
import { type Segment, segment, segmentSealed } from '../domain/chain.ts';
import type { EventLog, Position } from '../domain/ports.ts';
import { embeddedEventLog } from './eventlog/embedded.ts';
import { signaturesBy, signaturesUnder } from './keys/signatures.ts';
import type { AuditTools } from './shared/audit-tools.ts';
import { fingerprintOf } from './shared/certificates.ts';
import { sha256Of } from './shared/ids.ts';
import { lines } from './shared/lines.ts';

const longestSegment = 256 * 1024;

const trusting: AuditTools['trusting'] = ({ ca, fingerprints }) => ({
  signedBy:
    fingerprints.length === 0 && ca !== undefined
      ? signaturesUnder(ca)
      : signaturesBy((shown) => fingerprints.length === 0 || fingerprints.includes(fingerprintOf(shown))),
  fingerprint: (certificate) => fingerprintOf(new X509Certificate(Buffer.from(certificate, 'base64'))),
});

/** Works on the logs of data directories. */
export const audit: AuditTools = {
  verify: (asked, copy, progress) =>
    reading(asked.data, async (log) => {
      const node = asked.node ?? (await ownNode(log));
      const told = copy === undefined ? {} : { copy: segmentsIn(copy) };
      const { fingerprint, ...signatures } = trusting(asked);
      const verdict = await verifyLog({ log, node, sha256: sha256Of, signatures, progress, ...told });
      const signers = verdict.signers.map(fingerprint);
      return { verdict, signers };
    }),
  segments: (asked, write) =>
    reading(asked.data, async (log) => {
      const node = asked.node ?? (await ownNode(log));
      for (let n = 1; ; n += 1) {
        const found = await segmentAt(log, node, n);
        if (found === undefined) return n - 1;
        write(JSON.stringify(found));
      }
    }),
  trusting,
};

const reading = async <A>(data: string, work: (log: EventLog) => Promise<A>): Promise<Either<string, A>> => {
  try {
    const log = await embeddedEventLog({ directory: data, readOnly: true, onFatal: () => undefined });
    try {
      return right(await work(log));
    } finally {
      await log.close();
    }
  } catch (error) {
    return left(error instanceof Error ? error.message : String(error));
  }
};

/** Whose log it is: that of the node which recorded segments of its own. */
const ownNode = async (log: EventLog): Promise<string> => {
  for (let after: Position | undefined; ; ) {
    const events = await log.readAll({ after })();
    if (events._tag === 'Left') throw new Error(events.left.text);
    for (const { type, data, metadata } of events.right)
      if (type === segmentSealed && typeof data.node === 'string' && data.node === metadata.origin) return data.node;
    const last = events.right.at(-1);
    if (last === undefined) throw new Error('nothing in this log is sealed yet; name its server by --config or --node');
    after = last.position;
  }
};

async function* segmentsIn(file: string): AsyncGenerator<Segment, void, undefined> {
  let number = 0;
  for await (const line of lines(createReadStream(file, 'utf8'), longestSegment)) {
    number += 1;
    if (line.trim() === '') continue;
    const parsed = segment.safeParse(parsedJson(line));
    if (!parsed.success)
      throw new Error(`${file}:${number}: it is no segment; \`sallyport log segments\` writes such files`);
    yield parsed.data;
  }
}

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
