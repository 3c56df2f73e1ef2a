/** A mail on its way in: its header is looked at first, then it goes into an upload for each channel that it is for. */
import { createHash } from 'node:crypto';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Completion, Session, Upload } from '../../domain/intake.ts';
import { farewell, type Reply, reply } from '../shared/replies.ts';
import { beginChecks } from './checks.ts';
import { type Dialogue, type Letter, letGo } from './dialogue.ts';
import { collectHead, longestHeader, mailName, mostReceived, receivedCount } from './header.ts';
import { lineCheck } from './lines.ts';
import { refused } from './replies.ts';

/** Senders keep to 1000 (RFC 5321, section 4.5.3.1.6), more or less. */
const longestLine = 65_536;

const faults = {
  bare: farewell(554, 'There is a CR or LF that stands alone: lines end with CR LF. Nothing was taken.'),
  long: farewell(554, `A line is longer than ${longestLine} bytes. Nothing was taken.`),
};
const endless = reply(554, `The header is longer than ${longestHeader} bytes.`);
const circling = reply(554, `It has been received more than ${mostReceived} times: it goes in a circle.`);

type Arriving = { readonly session: Session; readonly upload: Upload };

/** Takes a mail to its end; answers its name, or the reply of a refusal, when nothing of it was taken. */
export const takeMail = async (
  dialogue: Dialogue,
  letter: Letter,
  mail: AsyncIterable<Buffer>,
  ours: Buffer,
): Promise<{ readonly name: string } | Reply> => {
  const { maxMailSize } = dialogue.settings;
  const arriving: Arriving[] = [];
  const hash = createHash('sha256');
  const check = lineCheck(longestLine);
  const head = collectHead();
  const { context, settings, wire } = dialogue;
  const origin = { sender: letter.sender, address: wire.address, helo: wire.session.hostNameAppearsAs };
  const checking = beginChecks(letter.policy, origin, settings.dns, context.clock);
  let name: string | undefined;
  let offset = 0;
  let size = 0;
  let refusal: Reply | undefined;

  const write = async (bytes: Buffer): Promise<Reply | undefined> => {
    for (const { upload } of arriving) {
      const written = await upload.write(offset, bytes)();
      if (isLeft(written)) return refused(written.left);
    }
    offset += bytes.length;
    return undefined;
  };
  const open = async (header: Buffer): Promise<Reply | undefined> => {
    if (receivedCount(header) > mostReceived) return circling;
    name = mailName(header);
    for (const session of letter.sessions) {
      const upload = await session.upload(name, { whole: true })();
      if (isLeft(upload)) return refused(upload.left);
      arriving.push({ session, upload: upload.right });
    }
    return (await write(ours)) ?? (await write(head.bytes()));
  };
  const take = async (bytes: Buffer): Promise<Reply | undefined> => {
    const fault = check(bytes);
    if (fault !== undefined) return faults[fault];
    if (size > maxMailSize) return reply(552, `The mail is larger than ${maxMailSize} bytes.`);
    hash.update(bytes);
    if (name !== undefined) {
      checking.body(bytes);
      return write(bytes);
    }
    const end = head.give(bytes);
    if ((end ?? head.size()) > longestHeader) return endless;
    if (end === undefined) return undefined;
    checking.header(head.bytes().subarray(0, end));
    checking.body(head.bytes().subarray(end));
    return open(head.bytes().subarray(0, end));
  };
  const abandon = async (): Promise<void> => {
    await Promise.all(arriving.map(({ upload }) => upload.abandon()));
  };

  try {
    for await (const bytes of mail) {
      size += bytes.length;
      // Who was refused is heard out, so that it comes to read why; but not without end.
      if (refusal !== undefined && size > 2 * maxMailSize) break;
      refusal ??= await take(bytes);
    }
    if (name === undefined) checking.header(head.bytes());
    refusal ??= name === undefined ? await open(head.bytes()) : undefined;
    const found = refusal === undefined ? await checking.end() : undefined;
    if (found !== undefined && 'code' in found) refusal = found;
    else refusal ??= await completeAll(dialogue, arriving, { asSent: hash.digest('hex'), mail: found });
  } finally {
    await abandon();
  }
  if (refusal === undefined) return { name: name ?? '' };
  return size > 2 * maxMailSize ? { ...refusal, hangUp: true } : refusal;
};

/** All, or none that the sender knows of: where the second fails, it sends both again, and the first is a repeat. */
const completeAll = async (
  dialogue: Dialogue,
  arriving: readonly Arriving[],
  completion: Completion,
): Promise<Reply | undefined> => {
  const done: Session[] = [];
  for (const { session, upload } of arriving) {
    const completed = await upload.complete(completion)();
    if (!isLeft(completed)) {
      done.push(session);
      continue;
    }
    for (const each of done) await letGo(dialogue, each, false);
    return refused(completed.left);
  }
  for (const each of done) dialogue.unheard.add(each);
  return undefined;
};
