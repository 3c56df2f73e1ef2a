/** Sending to a partner's server: under a temporary name first, then by its own; and finding out what an earlier try did. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent, temporary } from '../../domain/failure.ts';
import { joinPath, type PartnerFile, type PartnerSession } from '../../domain/partner.ts';
import { keyOf } from '../../domain/payload.ts';
import type { PayloadStore } from '../../domain/ports.ts';
import { type SendingRules, temporaryName } from '../../domain/sending.ts';
import type { Transfer } from '../../domain/transfer/transfer.ts';
import type { Fact } from '../../domain/transfer/vocabulary.ts';
import { type Enter, type Entered, visiting } from '../enter.ts';
import type { Step } from '../step.ts';

/** One file of ours at the partner: under which names, and where its bytes are here. */
type Errand = {
  readonly temporary: string;
  readonly final: string;
  readonly key: string;
  readonly size: number;
  readonly protocol: string;
};

/**
 * First writes the whole file under its temporary name and records that; then gives it its own name. After a break in
 * between, the names that are found tell what was done; where neither is, the channel's `onUnknownOutcome` decides, or a
 * person who retries or releases.
 */
export const send =
  (enter: Enter, payloads: PayloadStore, node: string): Step =>
  ({ id, transfer }, signal) => {
    const { target, payload, channel } = transfer;
    if (target?.kind !== 'partner' || payload === undefined)
      return () => Promise.resolve(left(permanent('noTarget', 'it is not meant for a partner')));
    const own = payload.key.startsWith(`${node}.`) ? payload.key : keyOf(node, id);
    return visiting(enter, channel, signal, (entered) => {
      const errand = {
        temporary: joinPath(target.directory, temporaryName(entered.access.sending, id, target.name)),
        final: joinPath(target.directory, target.name),
        ...{ key: own, size: payload.size, protocol: entered.access.protocol },
      };
      if (entered.session.handOver !== undefined) return handOver(entered, payloads, errand, id);
      return transfer.placed === undefined
        ? place(entered, payloads, errand)
        : settle(entered, payloads, errand, transfer.placed, transfer.run);
    });
  };

/** Where nothing can be looked at: the server's answer is all that is known of the file. */
const handOver =
  ({ session, access }: Entered, payloads: PayloadStore, errand: Errand, id: string): Attempt<readonly Fact[]> =>
  async () => {
    const bytes = await payloads.read(errand.key)();
    if (isLeft(bytes)) return bytes;
    const { final: path, size } = errand;
    const given = await session.handOver?.({ path, id, size }, bytes.right)();
    if (given === undefined) throw new Error('a session that hands files over does so no more');
    if (!isLeft(given)) return right([sentBy({ ...errand, final: given.right })]);
    const isOpen = given.left.code === 'outcomeUnknown' && access.sending.onUnknownOutcome === 'hold';
    return isOpen ? left(permanent('unknownOutcome', `${given.left.text}; release sends it again`)) : given;
  };

/** The whole file under its temporary name, its size compared. */
const place =
  ({ session, access }: Entered, payloads: PayloadStore, errand: Errand): Attempt<readonly Fact[]> =>
  async () => {
    const free = await mayTake(session, access.sending, errand.final)();
    if (isLeft(free)) return free;
    const written = await write(session, payloads, errand)();
    if (isLeft(written)) return written;
    const { temporary: name, final } = errand;
    const { modified } = written.right;
    return right([{ type: 'placed', data: { temporary: name, final, modified } }]);
  };

const mayTake =
  (session: PartnerSession, { ifExists }: SendingRules, path: string): Attempt<void> =>
  async () => {
    if (ifExists === 'replace') return right(undefined);
    const there = await session.look(path)();
    if (isLeft(there)) return there;
    return there.right === undefined
      ? right(undefined)
      : left(permanent('exists', `the partner has a file ${path} already; see ifExists of the channel`));
  };

const write =
  (session: PartnerSession, payloads: PayloadStore, errand: Errand): Attempt<PartnerFile> =>
  async () => {
    const bytes = await payloads.read(errand.key)();
    if (isLeft(bytes)) return bytes;
    const written = await session.write(errand.temporary, bytes.right)();
    if (isLeft(written)) return written;
    const there = await session.look(errand.temporary)();
    if (isLeft(there)) return there;
    return there.right?.size === errand.size
      ? right(there.right)
      : left(temporary('cutShort', `the partner has ${there.right?.size ?? 0} of ${errand.size} bytes`));
  };

const settle =
  (
    entered: Entered,
    payloads: PayloadStore,
    errand: Errand,
    placed: NonNullable<Transfer['placed']>,
    run: number,
  ): Attempt<readonly Fact[]> =>
  async () => {
    const { session, access } = entered;
    const waiting = await session.look(errand.temporary)();
    if (isLeft(waiting)) return waiting;
    if (waiting.right?.size === errand.size) return rename(entered, errand)();
    if (waiting.right === undefined) {
      const final = await session.look(errand.final)();
      if (isLeft(final)) return final;
      if (isOurs(final.right, errand, placed)) return right([sentBy(errand)]);
      if (access.sending.onUnknownOutcome === 'hold' && placed.run >= run)
        return left(
          permanent(
            'unknownOutcome',
            `neither ${errand.temporary} nor ${errand.final} is at the partner: it may have been taken from there; release sends it again`,
          ),
        );
    }
    const written = await write(session, payloads, errand)();
    return isLeft(written) ? written : rename(entered, errand)();
  };

/** Is it what we placed, under its own name now? A file of the same size that is older has stood there before ours came. */
const isOurs = (
  there: PartnerFile | undefined,
  { size }: Errand,
  { modified }: { readonly modified?: number | undefined },
) => there?.size === size && (there.modified === undefined || modified === undefined || there.modified >= modified);

const rename =
  ({ session, access }: Entered, errand: Errand): Attempt<readonly Fact[]> =>
  async () => {
    let renamed = await session.rename(errand.temporary, errand.final)();
    if (isLeft(renamed) && renamed.left.code === 'exists' && access.sending.ifExists === 'replace') {
      const removed = await session.remove(errand.final)();
      if (isLeft(removed) && removed.left.code !== 'notFound') return removed;
      renamed = await session.rename(errand.temporary, errand.final)();
    }
    if (!isLeft(renamed)) return right([sentBy(errand)]);
    return renamed.left.code === 'exists'
      ? left(permanent('exists', `the partner has a file ${errand.final} already; see ifExists of the channel`))
      : renamed;
  };

const sentBy = ({ final, protocol }: Errand): Fact => ({ type: 'sent', data: { final, protocol } });
